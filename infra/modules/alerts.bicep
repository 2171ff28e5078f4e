// What wakes somebody: each is a question to the suite's own metrics, and has an entry of its name in docs/runbook.md.
param location string
param tags object
param workspaceId string
param actionGroupId string

// Gauges are told every 15 minutes; `window` holds two of them, so that one that was lost raises nothing.
var rules = [
  {
    name: 'poison-messages'
    description: 'Messages failed five times and wait for a fix.'
    severity: 2
    window: 'PT30M'
    query: 'AppMetrics | where Name == "popsell.poison.messages" | summarize Value = max(Sum) by Of = tostring(Properties.queue)'
    threshold: 0
  }
  {
    name: 'sweep-overdue'
    description: 'A brand\'s retention sweep did not begin or end when it should have: something is kept for too long.'
    severity: 1
    window: 'PT30M'
    query: 'AppMetrics | where Name == "popsell.sweep.overdue" | summarize Value = max(Sum) by Of = tostring(Properties.brand)'
    threshold: 0
  }
  {
    name: 'rights-overdue'
    description: 'A person\'s request is past its due date.'
    severity: 1
    window: 'PT30M'
    query: 'AppMetrics | where Name == "popsell.rights.overdue" | summarize Value = max(Sum) by Of = tostring(Properties.brand)'
    threshold: 0
  }
  {
    name: 'backup-failed'
    description: 'A brand has no finished backup of the last three hours.'
    severity: 1
    window: 'PT30M'
    query: 'AppMetrics | where Name == "popsell.backup.age" | summarize Value = max(Sum) by Of = tostring(Properties.brand)'
    threshold: 3
  }
  {
    name: 'store-throttled'
    description: 'Cosmos DB refuses calls: a database has too little throughput for what is asked of it.'
    severity: 2
    window: 'PT15M'
    query: 'AppMetrics | where Name == "popsell.store.throttled" | summarize Value = sum(Sum) by Of = Name'
    threshold: 100
  }
  {
    name: 'mail-refused'
    description: 'The mail provider refuses mails for good.'
    severity: 2
    window: 'PT1H'
    query: 'AppMetrics | where Name == "popsell.mail.refused" | summarize Value = sum(Sum) by Of = Name'
    threshold: 20
  }
  {
    name: 'function-errors'
    description: 'Functions end by errors that nobody foresaw.'
    severity: 2
    window: 'PT15M'
    query: 'AppMetrics | where Name == "popsell.function.errors" | summarize Value = sum(Sum) by Of = tostring(Properties["function"])'
    threshold: 5
  }
]

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [for rule in rules: {
  name: rule.name
  location: location
  tags: tags
  properties: {
    displayName: rule.name
    description: '${rule.description} See docs/runbook.md.'
    severity: rule.severity
    enabled: true
    evaluationFrequency: 'PT15M'
    windowSize: rule.window
    scopes: [
      workspaceId
    ]
    criteria: {
      allOf: [
        {
          query: rule.query
          metricMeasureColumn: 'Value'
          timeAggregation: 'Maximum'
          operator: 'GreaterThan'
          threshold: rule.threshold
          dimensions: [
            {
              name: 'Of'
              operator: 'Include'
              values: [
                '*'
              ]
            }
          ]
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    autoMitigate: true
    actions: {
      actionGroups: [
        actionGroupId
      ]
    }
  }
}]

// All the others stay silent when nothing runs any more: this one counts what should have come, and did not.
resource silence 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = {
  name: 'no-heartbeat'
  location: location
  tags: tags
  properties: {
    displayName: 'no-heartbeat'
    description: 'The watch did not run to its end for an hour: timers stand still, or telemetry does. See docs/runbook.md.'
    severity: 0
    enabled: true
    evaluationFrequency: 'PT15M'
    windowSize: 'PT1H'
    scopes: [
      workspaceId
    ]
    criteria: {
      allOf: [
        {
          query: 'AppMetrics | where Name == "popsell.heartbeat" and Sum > 0'
          timeAggregation: 'Count'
          operator: 'LessThan'
          threshold: 1
          failingPeriods: {
            numberOfEvaluationPeriods: 1
            minFailingPeriodsToAlert: 1
          }
        }
      ]
    }
    autoMitigate: true
    actions: {
      actionGroups: [
        actionGroupId
      ]
    }
  }
}
