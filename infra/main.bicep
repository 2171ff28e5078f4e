// The whole installation: one resource group in the first region, and the backups' account in the second.
// docs/deploying.md says how it is used, and that no Bicep compiler has read it yet.
targetScope = 'subscription'

@description('Name of the installation; resources are named after it and the subscription.')
@minLength(2)
@maxLength(20)
param environmentName string

@description('First region: functions, store, queues and blobs. The other of the two has the backups (BAK-1, BAK-2).')
@allowed([
  'westeurope'
  'northeurope'
])
param location string = 'westeurope'

@description('Names of the Cosmos DB accounts; the first holds the platform. An account has room for 30 brands.')
@minLength(1)
param storeAccounts array

@description('The brands: id, account (one of storeAccounts) and throughput (most RU/s of its database, without meaning when serverless).')
param brands array

@description('Whether the store is billed by request (small installations) and not by provisioned throughput.')
param serverless bool

@description('Most RU/s of the platform\'s own database; without meaning when serverless.')
param platformThroughput int = 1000

@description('Whether the store has a replica in the second region, and store and functions spread over zones; impossible when serverless.')
param replicated bool

@description('Where people reach the suite, without a slash at the end; links in mails begin with it.')
param publicUrl string

@description('The platform\'s own privacy policy.')
param privacyPolicyUrl string

@description('Where ambassadors work, with {brand} in it; empty: a page of the suite.')
param crmUrl string = ''

@description('Where a log-in to the Manager ends; empty: a page of the suite.')
param managerUrl string = ''

@description('Sites whose pages may call the suite from a browser: CRM, Manager, and brands\' pages with forms.')
param origins array = []

@description('Tenant whose users may try the Manager\'s door.')
param managerTenant string = 'organizations'

@description('Application (client) id of the app at Entra ID; empty: nobody signs in by it.')
param entraClientId string = ''

@description('Id of the app at Facebook; empty: nobody signs in by it.')
param facebookAppId string = ''

@description('Id of the app at Google; empty: no contacts by account link.')
param googleClientId string = ''

@description('Whether X tells of replies; then the secret twitter-consumer-secrets is in the vault.')
param twitter bool = false

@description('Object id of the group at Entra ID that writes secrets; empty: nobody is granted that here.')
param operatorsGroupId string = ''

@description('Who is mailed by alerts and the budget.')
@minLength(1)
param alertEmails array

@description('Amount of the monthly budget, in the currency of the bill.')
param monthlyBudget int

@description('First day of the budget\'s first month, such as 2027-01-01; leave it as it is once deployed.')
param budgetStart string

@description('Instances that wait for people\'s requests, so that none starts cold.')
param alwaysReady int = 1

@description('Most instances at once.')
@minValue(40)
@maxValue(1000)
param maximumInstances int = 40

@description('Whether storage, store and vault are reached by private endpoints alone.')
param isolated bool = false

@description('Whether somebody locked the immutability of the backups; from then on it is not deployed any more.')
param backupsLocked bool = false

@description('Tags of every resource.')
param tags object = {}

var secondLocation = location == 'westeurope' ? 'northeurope' : 'westeurope'
var token = uniqueString(subscription().id, environmentName)
// What the brands' records name; the suite finds each account by it.
var storeUrls = [for account in storeAccounts: '${account}=https://cosmos-${account}-${token}.documents.azure.com:443/']
// Not named as the modules' parameter: checkov takes names of all files for one.
var access = isolated ? 'Disabled' : 'Enabled'
var allTags = union(tags, { 'azd-env-name': environmentName })

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: allTags
}

module identity 'modules/identity.bicep' = {
  name: 'identity'
  scope: group
  params: {
    name: 'id-${environmentName}-${token}'
    location: location
    tags: allTags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  name: 'monitoring'
  scope: group
  params: {
    token: token
    location: location
    tags: allTags
    principalId: identity.outputs.principalId
    alertEmails: alertEmails
  }
}

module network 'modules/network.bicep' = if (isolated) {
  name: 'network'
  scope: group
  params: {
    token: token
    location: location
    tags: allTags
  }
}

module storage 'modules/storage.bicep' = {
  name: 'storage'
  scope: group
  params: {
    token: token
    location: location
    tags: allTags
    principalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
    publicNetworkAccess: access
  }
}

module backups 'modules/backups.bicep' = {
  name: 'backups'
  scope: group
  params: {
    token: token
    location: secondLocation
    tags: allTags
    principalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
    locked: backupsLocked
    publicNetworkAccess: access
  }
}

module vault 'modules/vault.bicep' = {
  name: 'vault'
  scope: group
  params: {
    token: token
    location: location
    tags: allTags
    principalId: identity.outputs.principalId
    operatorsGroupId: operatorsGroupId
    workspaceId: monitoring.outputs.workspaceId
    publicNetworkAccess: access
  }
}

module stores 'modules/store.bicep' = [for account in storeAccounts: {
  name: 'store-${account}'
  scope: group
  params: {
    name: 'cosmos-${account}-${token}'
    location: location
    secondLocation: secondLocation
    tags: allTags
    principalId: identity.outputs.principalId
    workspaceId: monitoring.outputs.workspaceId
    serverless: serverless
    replicated: replicated
    publicNetworkAccess: access
  }
}]

module platform 'modules/database.bicep' = {
  name: 'platform'
  scope: group
  params: {
    accountName: 'cosmos-${storeAccounts[0]}-${token}'
    brand: ''
    serverless: serverless
    throughput: platformThroughput
  }
  dependsOn: [
    stores
  ]
}

module brandDatabases 'modules/database.bicep' = [for brand in brands: {
  name: 'brand-${brand.id}'
  scope: group
  params: {
    accountName: 'cosmos-${brand.account}-${token}'
    brand: brand.id
    serverless: serverless
    throughput: brand.throughput
  }
  dependsOn: [
    stores
  ]
}]

module endpoints 'modules/endpoints.bicep' = if (isolated) {
  name: 'endpoints'
  scope: group
  params: {
    location: location
    tags: allTags
    subnetId: isolated ? network.outputs.endpointsSubnetId : ''
    networkId: isolated ? network.outputs.networkId : ''
    storageId: storage.outputs.id
    backupsId: backups.outputs.id
    vaultId: vault.outputs.id
  }
}

module storeEndpoints 'modules/storeEndpoint.bicep' = [for account in storeAccounts: if (isolated) {
  name: 'endpoint-${account}'
  scope: group
  params: {
    name: account
    location: location
    tags: allTags
    subnetId: isolated ? network.outputs.endpointsSubnetId : ''
    zoneId: isolated ? endpoints.outputs.storeZoneId : ''
    accountName: 'cosmos-${account}-${token}'
  }
  dependsOn: [
    stores
  ]
}]

module functions 'modules/functions.bicep' = {
  name: 'functions'
  scope: group
  params: {
    token: token
    location: location
    tags: union(allTags, { 'azd-service-name': 'functions' })
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageName: storage.outputs.name
    backupBlobUri: backups.outputs.blobUri
    storeUrl: 'https://cosmos-${storeAccounts[0]}-${token}.documents.azure.com:443/'
    storeUrls: join(storeUrls, ',')
    vaultName: vault.outputs.name
    insightsName: monitoring.outputs.insightsName
    subnetId: isolated ? network.outputs.functionsSubnetId : ''
    publicUrl: publicUrl
    privacyPolicyUrl: privacyPolicyUrl
    crmUrl: crmUrl
    managerUrl: managerUrl
    origins: origins
    managerTenant: managerTenant
    entraClientId: entraClientId
    facebookAppId: facebookAppId
    googleClientId: googleClientId
    twitter: twitter
    alwaysReady: alwaysReady
    maximumInstances: maximumInstances
    zoneRedundant: replicated
  }
  dependsOn: [
    platform
    brandDatabases
    endpoints
    storeEndpoints
  ]
}

module alerts 'modules/alerts.bicep' = {
  name: 'alerts'
  scope: group
  params: {
    location: location
    tags: allTags
    workspaceId: monitoring.outputs.workspaceId
    actionGroupId: monitoring.outputs.actionGroupId
  }
}

module dashboard 'modules/dashboard.bicep' = {
  name: 'dashboard'
  scope: group
  params: {
    location: location
    tags: allTags
    workspaceId: monitoring.outputs.workspaceId
  }
}

module budget 'modules/budget.bicep' = {
  name: 'budget'
  scope: group
  params: {
    amount: monthlyBudget
    start: budgetStart
    emails: alertEmails
    actionGroupId: monitoring.outputs.actionGroupId
  }
}

output functionAppName string = functions.outputs.name
output functionAppHost string = functions.outputs.host
output vaultName string = vault.outputs.name
output storeUrl string = 'https://cosmos-${storeAccounts[0]}-${token}.documents.azure.com:443/'
