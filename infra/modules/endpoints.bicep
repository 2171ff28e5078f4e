// Private endpoints of storage, backups and vault, and the zones in which their names are found.
param location string
param tags object
param subnetId string
param networkId string
param storageId string
param backupsId string
param vaultId string

var storageSuffix = environment().suffixes.storage
var zoneNames = [
  'privatelink.blob.${storageSuffix}'
  'privatelink.queue.${storageSuffix}'
  'privatelink.vaultcore.azure.net'
  'privatelink.documents.azure.com'
]
// `zone` is the place in zoneNames.
var targets = [
  {
    name: 'blob'
    id: storageId
    zone: 0
    part: 'blob'
  }
  {
    name: 'queue'
    id: storageId
    zone: 1
    part: 'queue'
  }
  {
    name: 'backups'
    id: backupsId
    zone: 0
    part: 'blob'
  }
  {
    name: 'vault'
    id: vaultId
    zone: 2
    part: 'vault'
  }
]

resource zones 'Microsoft.Network/privateDnsZones@2020-06-01' = [for name in zoneNames: {
  name: name
  location: 'global'
  tags: tags
}]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2020-06-01' = [for (name, i) in zoneNames: {
  parent: zones[i]
  name: 'network'
  location: 'global'
  properties: {
    registrationEnabled: false
    virtualNetwork: {
      id: networkId
    }
  }
}]

resource endpoints 'Microsoft.Network/privateEndpoints@2024-05-01' = [for target in targets: {
  name: 'pe-${target.name}'
  location: location
  tags: tags
  properties: {
    subnet: {
      id: subnetId
    }
    privateLinkServiceConnections: [
      {
        name: target.name
        properties: {
          privateLinkServiceId: target.id
          groupIds: [
            target.part
          ]
        }
      }
    ]
  }
}]

resource names 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2024-05-01' = [for (target, i) in targets: {
  parent: endpoints[i]
  name: 'default'
  properties: {
    privateDnsZoneConfigs: [
      {
        name: target.part
        properties: {
          privateDnsZoneId: zones[target.zone].id
        }
      }
    ]
  }
}]

output storeZoneId string = zones[3].id
