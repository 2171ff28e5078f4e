// One page to look at before and after a deployment, and when an alert came: the suite's own metrics and spans.
param location string
param tags object
param workspaceId string

// Metrics are rows of AppMetrics; calls of functions, which are told as spans, are rows of AppDependencies.
var charts = [
  {
    title: 'Calls by how they ended'
    shown: 'barchart'
    width: '50'
    query: 'AppMetrics | where Name == "popsell.function.calls" | summarize Calls = sum(Sum) by bin(TimeGenerated, 15m), tostring(Properties.outcome)'
  }
  {
    title: 'Errors by function'
    shown: 'barchart'
    width: '50'
    query: 'AppMetrics | where Name == "popsell.function.errors" | summarize Errors = sum(Sum) by bin(TimeGenerated, 15m), tostring(Properties["function"])'
  }
  {
    title: 'How long calls take (95 of 100 are faster), in milliseconds'
    shown: 'table'
    width: '50'
    query: 'AppDependencies | where isnotempty(Properties["function"]) | summarize Calls = count(), Median = percentile(DurationMs, 50), P95 = percentile(DurationMs, 95), Longest = max(DurationMs) by Name | order by P95'
  }
  {
    title: 'What failed, and where'
    shown: 'table'
    width: '50'
    query: 'AppDependencies | where tostring(Properties.outcome) == "failed" | summarize Failed = count(), Last = max(TimeGenerated) by Name, Error = tostring(Properties.error), Brand = tostring(Properties.brand) | order by Failed'
  }
  {
    title: 'Mean time of a call, in milliseconds'
    shown: 'linechart'
    width: '50'
    query: 'AppMetrics | where Name == "popsell.function.duration" | summarize Mean = sum(Sum) / sum(ItemCount) by bin(TimeGenerated, 15m)'
  }
  {
    title: 'Messages that wait for a fix, by queue'
    shown: 'linechart'
    width: '50'
    query: 'AppMetrics | where Name == "popsell.poison.messages" | summarize Messages = max(Sum) by bin(TimeGenerated, 15m), tostring(Properties.queue)'
  }
  {
    title: 'Hours that sweeps are overdue: the worst ten brands'
    shown: 'table'
    width: '33'
    query: 'AppMetrics | where Name == "popsell.sweep.overdue" | summarize arg_max(TimeGenerated, Sum) by Brand = tostring(Properties.brand) | top 10 by Sum'
  }
  {
    title: 'Rights requests past their date: the worst ten brands'
    shown: 'table'
    width: '33'
    query: 'AppMetrics | where Name == "popsell.rights.overdue" | summarize arg_max(TimeGenerated, Sum) by Brand = tostring(Properties.brand) | top 10 by Sum'
  }
  {
    title: 'Hours since the newest backup: the oldest ten'
    shown: 'table'
    width: '33'
    query: 'AppMetrics | where Name == "popsell.backup.age" | summarize arg_max(TimeGenerated, Sum) by Brand = tostring(Properties.brand) | top 10 by Sum'
  }
  {
    title: 'Calls that Cosmos DB refused'
    shown: 'barchart'
    width: '33'
    query: 'AppMetrics | where Name == "popsell.store.throttled" | summarize Calls = sum(Sum) by bin(TimeGenerated, 15m)'
  }
  {
    title: 'Mails that the provider will never take'
    shown: 'barchart'
    width: '33'
    query: 'AppMetrics | where Name == "popsell.mail.refused" | summarize Mails = sum(Sum) by bin(TimeGenerated, 15m)'
  }
  {
    title: 'Heartbeats: four an hour'
    shown: 'barchart'
    width: '33'
    query: 'AppMetrics | where Name == "popsell.heartbeat" | summarize Beats = sum(Sum) by bin(TimeGenerated, 1h)'
  }
  {
    title: 'What brands ask of the store and of the mail provider'
    shown: 'table'
    width: '100'
    query: 'AppDependencies | where isnotempty(Properties.brand) | summarize Calls = count(), Reads = sum(toint(Properties["store.reads"])), Writes = sum(toint(Properties["store.writes"])), Messages = sum(toint(Properties["queue.messages"])), Provider = sum(toint(Properties["provider.calls"])) by Brand = tostring(Properties.brand) | top 50 by Writes'
  }
]

var period = {
  type: 9
  name: 'period'
  content: {
    version: 'KqlParameterItem/1.0'
    parameters: [
      {
        version: 'KqlParameterItem/1.0'
        name: 'period'
        label: 'Period'
        type: 4
        isRequired: true
        value: {
          durationMs: 86400000
        }
        typeSettings: {
          selectableValues: [
            {
              durationMs: 3600000
            }
            {
              durationMs: 86400000
            }
            {
              durationMs: 604800000
            }
            {
              durationMs: 2592000000
            }
          ]
        }
      }
    ]
  }
}

var queries = [for (chart, index) in charts: {
  type: 3
  name: 'chart-${index}'
  customWidth: chart.width
  content: {
    version: 'KqlItem/1.0'
    title: chart.title
    query: chart.query
    visualization: chart.shown
    size: 0
    queryType: 0
    resourceType: 'microsoft.operationalinsights/workspaces'
    timeContextFromParameter: 'period'
    noDataMessage: 'Nothing of this kind was told in the period.'
  }
}]

resource dashboard 'Microsoft.Insights/workbooks@2022-04-01' = {
  name: guid(resourceGroup().id, 'popsell dashboard')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Popsell'
    category: 'workbook'
    sourceId: workspaceId
    version: 'Notebook/1.0'
    serializedData: string({
      version: 'Notebook/1.0'
      items: concat([period], queries)
      fallbackResourceIds: [
        workspaceId
      ]
    })
  }
}
