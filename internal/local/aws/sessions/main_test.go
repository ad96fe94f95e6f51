package sessions_test

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain looks for goroutines that outlive their test. net/http lets a
// connection that it refused linger for half a second, by itself.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*conn).closeWriteAndWait"))
}
