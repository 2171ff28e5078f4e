using './main.bicep'

// Up to some ten brands: the store is billed by request, and stands in one region.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'popsell')
param location = 'westeurope'
param storeAccounts = [
  'a'
]
param brands = [
  {
    id: 'acme'
    account: 'a'
    throughput: 1000
  }
]
param serverless = true
param replicated = false
param publicUrl = 'https://people.example.com'
param privacyPolicyUrl = 'https://www.example.com/privacy'
param alertEmails = [
  'operations@example.com'
]
param monthlyBudget = 300
param budgetStart = '2027-01-01'
param alwaysReady = 1
param maximumInstances = 40
