// What the installation may cost a month; docs/runbook.md says what to look at when it does not.
param amount int
param start string
param emails array
param actionGroupId string

resource budget 'Microsoft.Consumption/budgets@2023-11-01' = {
  name: 'budget'
  properties: {
    category: 'Cost'
    amount: amount
    timeGrain: 'Monthly'
    timePeriod: {
      startDate: start
    }
    notifications: {
      forecast: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        thresholdType: 'Forecasted'
        contactEmails: emails
        contactGroups: [
          actionGroupId
        ]
      }
      actual: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 80
        thresholdType: 'Actual'
        contactEmails: emails
        contactGroups: [
          actionGroupId
        ]
      }
    }
  }
}
