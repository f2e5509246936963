package temporalserver

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"sync/atomic"
	"time"

	"go.temporal.io/server/common/config"
	sqliteplugin "go.temporal.io/server/common/persistence/sql/sqlplugin/sqlite"
	"go.temporal.io/server/schema/sqlite"
	"google.golang.org/protobuf/types/known/durationpb"
)

// memoryDatabases numbers the in-memory databases of this process: SQLite shares one among all connections that
// use its name.
var memoryDatabases atomic.Int64

// openDatabase returns the settings of a database that has its schema and its namespace. An empty path means memory.
func openDatabase(path, namespace string, retention time.Duration) (*config.SQL, error) {
	db := memoryDatabase()
	if path != "" {
		if err := createDatabaseFile(path); err != nil {
			return nil, err
		}
		db = databaseFile(path)
	}
	ns, err := sqlite.NewNamespaceConfig(clusterName, namespace, false, nil)
	if err != nil {
		return nil, fmt.Errorf("describe namespace: %w", err)
	}
	ns.Detail.Config.Retention = durationpb.New(retention)
	if err := sqlite.CreateNamespaces(db, ns); err != nil {
		return nil, fmt.Errorf("create namespace %q: %w", namespace, err)
	}
	return db, nil
}

func memoryDatabase() *config.SQL {
	return &config.SQL{
		PluginName:        sqliteplugin.PluginName,
		DatabaseName:      "devstack-" + strconv.FormatInt(memoryDatabases.Add(1), 10),
		ConnectAttributes: map[string]string{"mode": "memory", "cache": "shared"},
	}
}

// databaseFile uses the write-ahead log: what was committed outlives a killed process, and a commit costs one
// write instead of two syncs.
func databaseFile(path string) *config.SQL {
	return &config.SQL{
		PluginName:        sqliteplugin.PluginName,
		DatabaseName:      path,
		ConnectAttributes: map[string]string{"mode": "rwc", "journal_mode": "wal", "synchronous": "normal"},
	}
}

// createDatabaseFile makes the file in one step: the schema is many statements, and a process killed between them
// must not leave a file that looks complete.
func createDatabaseFile(path string) error {
	if _, err := os.Stat(path); err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	unfinished := path + ".unfinished"
	if err := os.Remove(unfinished); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	err := sqlite.SetupSchema(&config.SQL{
		PluginName:        sqliteplugin.PluginName,
		DatabaseName:      unfinished,
		ConnectAttributes: map[string]string{"mode": "rwc"},
	})
	if err != nil {
		return fmt.Errorf("set up schema: %w", err)
	}
	return os.Rename(unfinished, path)
}
