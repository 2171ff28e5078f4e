using './main.bicep'

// Many brands over several accounts, each with throughput of its own; a replica in the second region; nothing reached from outside.
param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'popsell')
param location = 'westeurope'
param storeAccounts = [
  'a'
  'b'
]
param brands = [
  {
    id: 'acme'
    account: 'a'
    throughput: 10000
  }
  {
    id: 'globex'
    account: 'b'
    throughput: 4000
  }
]
param serverless = false
param platformThroughput = 1000
param replicated = true
param publicUrl = 'https://people.example.com'
param privacyPolicyUrl = 'https://www.example.com/privacy'
param crmUrl = 'https://crm.example.com/{brand}'
param managerUrl = 'https://manager.example.com'
param origins = [
  'https://crm.example.com'
  'https://manager.example.com'
]
param entraClientId = '00000000-0000-4000-8000-000000000000'
param operatorsGroupId = '00000000-0000-4000-8000-000000000000'
param alertEmails = [
  'operations@example.com'
]
param monthlyBudget = 5000
param budgetStart = '2027-01-01'
param alwaysReady = 3
param maximumInstances = 200
param isolated = true
