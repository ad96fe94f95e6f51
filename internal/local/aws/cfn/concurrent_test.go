package cfn_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/cfn"
)

// bubbleClock is the time of a synctest bubble.
type bubbleClock struct{}

func (bubbleClock) Now() time.Time { return time.Now() }

func (bubbleClock) After(d time.Duration, f func()) func() {
	t := time.AfterFunc(d, f)
	return func() { t.Stop() }
}

func TestCallersMayComeAtOnceAndNothingLeaks(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBench(t, func(o *cfn.Options) { o.Clock = bubbleClock{} })
		var callers sync.WaitGroup
		for i := range 8 {
			callers.Go(func() {
				name := fmt.Sprintf("s-%d", i)
				b.must("CreateStack", p{"StackName": name, "TemplateBody": body(pair(7, "x"))})
				for range 10 {
					b.must("DescribeStacks", p{"StackName": name})
					<-time.After(time.Second)
				}
			})
		}
		callers.Wait()
		for i := range 8 {
			if got := b.status(fmt.Sprintf("s-%d", i)); got != "CREATE_COMPLETE" {
				t.Errorf("stack %d: %s", i, got)
			}
		}
		b.must("UpdateStack", p{"StackName": "s-0", "TemplateBody": body(pair(14, "y"))})
		b.engine.Close() // the bubble refuses to end with a goroutine left
	})
}
