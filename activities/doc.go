// Package activities is where workflows touch the world: the bucket, the staging
// area and the warehouse, each behind an interface as small as its use.
//
// Every activity can be killed at any instruction and started again. Each returns
// typed errors; errors.go alone decides which of them are worth another try.
package activities
