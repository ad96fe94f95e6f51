package access

import (
	"errors"
	"testing"
)

func TestAPolicyThatSTSWouldNotTakeIsATypedError(t *testing.T) {
	t.Parallel()
	if _, err := sized(make([]byte, MaxPolicy)); err != nil {
		t.Errorf("%d characters: %v", MaxPolicy, err)
	}
	_, err := sized(make([]byte, MaxPolicy+1))
	var size *SizeError
	if !errors.As(err, &size) || size.Size != MaxPolicy+1 {
		t.Errorf("got %v", err)
	}
}
