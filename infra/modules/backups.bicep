// Backups (BAK-1), in the second region: each kind in a container of its own, so that each is kept for its own time.
param token string
param location string
param tags object
param principalId string
param workspaceId string
param locked bool
@allowed([
  'Enabled'
  'Disabled'
])
param publicNetworkAccess string = 'Disabled'

var suite = loadJsonContent('../suite.json')
// Days are what `Kind.kept` says. A file is immutable for a day less, so that the suite's own timer can delete it on its day.
var kinds = [
  {
    container: 'backups-hourly'
    days: suite.backupDays.hourly
  }
  {
    container: 'backups-monthly'
    days: suite.backupDays.monthly
  }
]
var unlocked = locked ? [] : kinds
// The one copy of brands' wrapped keys: destroyed when a brand ends (DEL-5), so never immutable.
var keysContainer = 'backup-keys'
// Storage Blob Data Contributor, of these containers alone.
var blobContributor = 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'

resource account 'Microsoft.Storage/storageAccounts@2023-05-01' = {
  // checkov:skip=CKV_AZURE_35: an installation is isolated by the parameter `isolated`, which checkov does not resolve
  // checkov:skip=CKV_AZURE_43: stb and 13 letters or digits of uniqueString: 16 of at most 24
  // checkov:skip=CKV_AZURE_206: it is itself the copy in the second region, spread over that region's zones
  name: 'stb${token}'
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: {
    name: 'Standard_ZRS'
  }
  properties: {
    accessTier: 'Cool'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    publicNetworkAccess: publicNetworkAccess
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: publicNetworkAccess == 'Disabled' ? 'Deny' : 'Allow'
    }
  }
}

// Neither versions nor soft delete: a destroyed key must not come back.
resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: false
    deleteRetentionPolicy: {
      enabled: false
    }
    containerDeleteRetentionPolicy: {
      enabled: true
      days: 7
    }
  }
}

resource keys 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = {
  parent: blobs
  name: keysContainer
  properties: {
    publicAccess: 'None'
  }
}

resource containers 'Microsoft.Storage/storageAccounts/blobServices/containers@2023-05-01' = [for kind in kinds: {
  parent: blobs
  name: kind.container
  properties: {
    publicAccess: 'None'
  }
}]

// Unlocked: an owner of the account can still shorten it. Once somebody locked it (docs/deploying.md) it is left alone.
resource immutable 'Microsoft.Storage/storageAccounts/blobServices/containers/immutabilityPolicies@2023-05-01' = [for (kind, i) in unlocked: {
  parent: containers[i]
  name: 'default'
  properties: {
    immutabilityPeriodSinceCreationInDays: kind.days - 1
    allowProtectedAppendWrites: false
  }
}]

// The suite deletes by itself; what it could not, for the brand's keys or the suite are gone, goes by these.
resource lifecycle 'Microsoft.Storage/storageAccounts/managementPolicies@2023-05-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: [for kind in kinds: {
        name: 'delete-${kind.container}'
        enabled: true
        type: 'Lifecycle'
        definition: {
          filters: {
            blobTypes: [
              'blockBlob'
            ]
            prefixMatch: [
              '${kind.container}/'
            ]
          }
          actions: {
            baseBlob: {
              delete: {
                daysAfterCreationGreaterThan: kind.days
              }
            }
          }
        }
      }]
    }
  }
}

resource writesBackups 'Microsoft.Authorization/roleAssignments@2022-04-01' = [for (kind, i) in kinds: {
  name: guid(account.id, kind.container, principalId, blobContributor)
  scope: containers[i]
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobContributor)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}]

resource writesKeys 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(account.id, keysContainer, principalId, blobContributor)
  scope: keys
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', blobContributor)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}

// Who reads a backup is as telling as who deletes one; paths name brands and times.
resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'to-workspace'
  scope: blobs
  properties: {
    workspaceId: workspaceId
    logs: [
      {
        category: 'StorageRead'
        enabled: true
      }
      {
        category: 'StorageWrite'
        enabled: true
      }
      {
        category: 'StorageDelete'
        enabled: true
      }
    ]
    metrics: [
      {
        category: 'Transaction'
        enabled: true
      }
    ]
  }
}

output id string = account.id
output blobUri string = account.properties.primaryEndpoints.blob
