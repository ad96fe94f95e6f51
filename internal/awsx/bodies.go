package awsx

import (
	"context"
	"io"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// EndQuietly is an option of the SDK's configuration (aws.Config.APIOptions)
// that keeps an early answer readable.
//
// net/http looks once more for the end of a request's body after it sent it,
// while the answer may be there already; the SDK closes the body once it has
// the answer. A closed body's Read says io.EOF, which is how a body ends, but
// its WriteTo returns io.EOF as an error (smithy-go v1.28.8,
// transport/http/internal/io/safe.go), and net/http closes a connection whose
// request it could not write: the answer breaks off with "use of closed network
// connection". It takes a service faster than net/http's writer, and an answer
// longer than its reader's buffer of 4 KiB. A stream that cannot WriteTo has no
// such end.
func EndQuietly(stack *middleware.Stack) error {
	return stack.Build.Add(middleware.BuildMiddlewareFunc("EndQuietly", func(
		ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler,
	) (middleware.BuildOutput, middleware.Metadata, error) {
		if r, ok := in.Request.(*smithyhttp.Request); ok {
			if s, ok := r.GetStream().(io.ReadSeeker); ok {
				plain, err := r.SetStream(struct{ io.ReadSeeker }{s})
				if err != nil {
					return middleware.BuildOutput{}, middleware.Metadata{}, err
				}
				in.Request = plain
			}
		}
		return next.HandleBuild(ctx, in)
	}), middleware.Before)
}
