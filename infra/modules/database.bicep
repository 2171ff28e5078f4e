// The database of a brand, or of the platform when no brand is named, with the containers that the code declares.
param accountName string
param brand string
param serverless bool
param throughput int

var suite = loadJsonContent('../suite.json')
var databaseName = brand == '' ? suite.platformDatabase : 'brand-${brand}'
var declared = brand == '' ? suite.platformContainers : suite.brandContainers

resource account 'Microsoft.DocumentDB/databaseAccounts@2024-05-15' existing = {
  name: accountName
}

// The containers share the database's throughput: 25 at most, and quiet ones cost nothing by themselves.
resource database 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases@2024-05-15' = {
  parent: account
  name: databaseName
  properties: {
    resource: {
      id: databaseName
    }
    options: serverless ? {} : {
      autoscaleSettings: {
        maxThroughput: throughput
      }
    }
  }
}

// One at a time: the service refuses many changes of one database at once.
@batchSize(1)
resource containers 'Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers@2024-05-15' = [for container in declared: {
  parent: database
  name: container.id
  properties: {
    resource: container
  }
}]
