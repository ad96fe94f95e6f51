package store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

func TestOrdersToShiftTraffic(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	s, url := pg.Store(t)
	c := approved(t, s, "heritage:hello")

	t.Run("are not taken before anything runs", func(t *testing.T) {
		if err := s.OrderShift(ctx, deploy.Origin{}, "U0DEV", c.ID, []string{"h"}); bcn.CodeOf(err) != bcn.CodeNothingWaits {
			t.Error(err)
		}
	})
	if _, err := s.Start(ctx, starting(t, s, c.ID), func(bcn.Change) []deploy.Note { return nil }); err != nil {
		t.Fatal(err)
	}
	t.Run("are kept by pause, and who was first is", func(t *testing.T) {
		for _, by := range []string{"U0DEV", "U0LEAD"} {
			if err := s.OrderShift(ctx, deploy.Origin{}, by, c.ID, []string{"h", "i"}); err != nil {
				t.Fatal(err)
			}
		}
		list, err := s.ShiftOrders(ctx, c.ID)
		if err != nil || len(list) != 2 || list[0].Hook != "h" || list[0].By != "U0DEV" || list[1].By != "U0DEV" || list[0].At.IsZero() {
			t.Errorf("%+v, %v", list, err)
		}
	})
	t.Run("say nothing once a column was changed past bcn", func(t *testing.T) {
		o := newOwner(t, url)
		o.tampering("shift_order", fmt.Sprint("change = ", int64(c.ID)), func(t *testing.T, _ string) {
			if list, err := s.ShiftOrders(ctx, c.ID); bcn.CodeOf(err) != bcn.CodeTampered && len(list) == 2 {
				t.Errorf("%+v, %v", list, err)
			}
		})
	})
}
