// The suite itself: a function app on Flex Consumption that acts as the one identity, and knows each secret by reference.
param token string
param location string
param tags object
param identityId string
param identityClientId string
param storageName string
param backupBlobUri string
param storeUrl string
param storeUrls string
param vaultName string
param insightsName string
param subnetId string
param publicUrl string
param privacyPolicyUrl string
param crmUrl string
param managerUrl string
param origins array
param managerTenant string
param entraClientId string
param facebookAppId string
param googleClientId string
param twitter bool
param alwaysReady int
param maximumInstances int
param zoneRedundant bool

// A secret by its name in the vault. One that is not there leaves the reference itself as the value, which nobody may take for
// a secret: those of providers that are not used are left empty.
var secretStart = '@Microsoft.KeyVault(VaultName=${vaultName};SecretName='

resource storage 'Microsoft.Storage/storageAccounts@2023-05-01' existing = {
  name: storageName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

resource plan 'Microsoft.Web/serverfarms@2024-04-01' = {
  // checkov:skip=CKV_AZURE_225: follows the parameter `zoneRedundant`, which checkov does not resolve
  name: 'plan-${token}'
  location: location
  tags: tags
  kind: 'functionapp'
  sku: {
    name: 'FC1'
    tier: 'FlexConsumption'
  }
  properties: {
    reserved: true
    zoneRedundant: zoneRedundant
  }
}

resource app 'Microsoft.Web/sites@2024-04-01' = {
  // checkov:skip=CKV_AZURE_17: people come by a link in a mail and have no certificate
  // checkov:skip=CKV_AZURE_212: Flex Consumption has no such number; alwaysReady is its own
  // checkov:skip=CKV_AZURE_213: Flex Consumption has no health check of the platform; /health is for whoever watches from outside
  // checkov:skip=CKV_AZURE_222: people reach the suite from anywhere
  name: 'func-${token}'
  location: location
  tags: tags
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: {
      '${identityId}': {}
    }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    clientAffinityEnabled: false
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: subnetId == '' ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: '${storage.properties.primaryEndpoints.blob}packages'
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: {
        name: 'python'
        version: '3.11'
      }
      scaleAndConcurrency: {
        instanceMemoryMB: 2048
        maximumInstanceCount: maximumInstances
        alwaysReady: alwaysReady == 0 ? [] : [
          {
            name: 'http'
            instanceCount: alwaysReady
          }
        ]
      }
    }
    siteConfig: {
      minTlsVersion: '1.2'
      scmMinTlsVersion: '1.2'
      http20Enabled: true
      ftpsState: 'Disabled'
      cors: {
        allowedOrigins: origins
        supportCredentials: false
      }
      appSettings: [
        {
          name: 'AzureWebJobsStorage__credential'
          value: 'managedidentity'
        }
        {
          name: 'AzureWebJobsStorage__clientId'
          value: identityClientId
        }
        {
          name: 'AzureWebJobsStorage__blobServiceUri'
          value: storage.properties.primaryEndpoints.blob
        }
        {
          name: 'AzureWebJobsStorage__queueServiceUri'
          value: storage.properties.primaryEndpoints.queue
        }
        {
          name: 'BACKUP_STORAGE__blobServiceUri'
          value: backupBlobUri
        }
        {
          name: 'STORE_URL'
          value: storeUrl
        }
        {
          name: 'STORE_ACCOUNTS'
          value: storeUrls
        }
        {
          name: 'AZURE_CLIENT_ID'
          value: identityClientId
        }
        {
          name: 'APPLICATIONINSIGHTS_CONNECTION_STRING'
          value: insights.properties.ConnectionString
        }
        {
          name: 'APPLICATIONINSIGHTS_AUTHENTICATION_STRING'
          value: 'Authorization=AAD;ClientId=${identityClientId}'
        }
        {
          name: 'PUBLIC_URL'
          value: publicUrl
        }
        {
          name: 'PRIVACY_POLICY_URL'
          value: privacyPolicyUrl
        }
        {
          name: 'CRM_URL'
          value: crmUrl
        }
        {
          name: 'MANAGER_URL'
          value: managerUrl
        }
        {
          name: 'MANAGER_TENANT'
          value: managerTenant
        }
        {
          name: 'MAILJET_URL'
          value: 'https://api.mailjet.com'
        }
        {
          name: 'MAILJET_API_KEY'
          value: '${secretStart}mailjet-api-key)'
        }
        {
          name: 'MAILJET_API_SECRET'
          value: '${secretStart}mailjet-api-secret)'
        }
        {
          name: 'MAILJET_WEBHOOK_CREDENTIALS'
          value: '${secretStart}mailjet-webhook-credentials)'
        }
        {
          name: 'MASTER_KEYS'
          value: '${secretStart}master-keys)'
        }
        {
          name: 'TOKEN_KEYS'
          value: '${secretStart}token-keys)'
        }
        {
          name: 'BCRYPT_COST'
          value: '12'
        }
        {
          name: 'ENTRA_AUTHORITY'
          value: environment().authentication.loginEndpoint
        }
        {
          name: 'ENTRA_CLIENT_ID'
          value: entraClientId
        }
        {
          name: 'ENTRA_CLIENT_SECRET'
          value: entraClientId == '' ? '' : '${secretStart}entra-client-secret)'
        }
        {
          name: 'FACEBOOK_APP_ID'
          value: facebookAppId
        }
        {
          name: 'FACEBOOK_APP_SECRET'
          value: facebookAppId == '' ? '' : '${secretStart}facebook-app-secret)'
        }
        {
          name: 'GOOGLE_CLIENT_ID'
          value: googleClientId
        }
        {
          name: 'GOOGLE_CLIENT_SECRET'
          value: googleClientId == '' ? '' : '${secretStart}google-client-secret)'
        }
        {
          name: 'TWITTER_CONSUMER_SECRETS'
          value: twitter ? '${secretStart}twitter-consumer-secrets)' : ''
        }
      ]
    }
  }
}

// Nobody deploys by a password.
resource ftp 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'ftp'
  properties: {
    allow: false
  }
}

resource scm 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2024-04-01' = {
  parent: app
  name: 'scm'
  properties: {
    allow: false
  }
}

output name string = app.name
output host string = app.properties.defaultHostName
