package bench_test

import (
	"os"
	"testing"

	"github.com/bcn-bot/bcn/internal/store/storetest"
)

// pg commits to the disk, as production does.
var pg = storetest.Cluster{Fsync: true}

func TestMain(m *testing.M) { os.Exit(pg.Main(m)) }
