package cluster

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// site is where a call goes and what it may do there.
type site struct {
	account, region string
	authorize       func(action, resource string, keys map[string][]string) error
	principal       string // ARN of the caller, for registeredBy and createdBy
}

func siteOf(c *wire.Call) site {
	return site{account: c.Account, region: c.Region, authorize: c.Authorize, principal: c.Principal.ARN}
}

func siteOfStack(r wire.Request) site {
	return site{account: r.Account, region: r.Region, authorize: r.Authorize}
}

// allow asks whether the caller may do the action; without anyone to ask,
// nobody may.
func (s site) allow(action, resource string, keys map[string][]string) error {
	if s.authorize == nil {
		return wire.Errorf("AccessDenied", "no policies to evaluate %s with", action)
	}
	return s.authorize(action, resource, keys)
}

func (s site) arn(service, rest string) string {
	return "arn:aws:" + service + ":" + s.region + ":" + s.account + ":" + rest
}

// id is 32 hexadecimal digits, the same in each run of the same calls.
func (c *Cluster) id() string {
	c.serial++
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], c.serial)
	sum := sha256.Sum256(append([]byte("bcn local aws"), b[:]...))
	return hex.EncodeToString(sum[:16])
}

// uuid is an id in the form of a UUID.
func (c *Cluster) uuid() string {
	h := c.id()
	return h[:8] + "-" + h[8:12] + "-4" + h[13:16] + "-a" + h[17:20] + "-" + h[20:]
}

// number is 19 digits, as in the ids of deployments.
func (c *Cluster) number() string {
	h, _ := hex.DecodeString(c.id())
	return fmt.Sprintf("%019d", binary.BigEndian.Uint64(h)>>2)
}

// keysOf are the condition keys of tags that a resource has, for the service
// prefixes that know them besides aws.
func keysOf(tags map[string]string, prefixes ...string) map[string][]string {
	keys := map[string][]string{}
	for k, v := range tags {
		for _, p := range append(prefixes, "aws") {
			keys[p+":ResourceTag/"+k] = []string{v}
		}
	}
	return keys
}

// withRequestTags adds the condition keys of tags that a request brings.
func withRequestTags(keys map[string][]string, tags map[string]string) map[string][]string {
	names := make([]string, 0, len(tags))
	for k, v := range tags {
		keys["aws:RequestTag/"+k] = []string{v}
		names = append(names, k)
	}
	if len(names) > 0 {
		keys["aws:TagKeys"] = names
	}
	return keys
}

// coded tells whether an error is AWS's with the code.
func coded(err error, code string) bool {
	var e *wire.Error
	return errors.As(err, &e) && e.Code == code
}

// page cuts a list at max and answers the token of the next page. Tokens are
// bound to what was listed, so that a token of another list is refused.
func page[T any](all []T, token string, limit int, list string) (part []T, next string, err error) {
	from := 0
	if token != "" {
		raw, derr := base64.RawURLEncoding.DecodeString(token)
		name, n, _ := strings.Cut(string(raw), "\x00")
		from, err = strconv.Atoi(n)
		if derr != nil || err != nil || name != list || from < 0 {
			return nil, "", wire.Errorf("InvalidParameterException", "Invalid token: %s", token)
		}
	}
	if limit < 1 {
		return nil, "", wire.Errorf("InvalidParameterException", "The number of results must be at least 1.")
	}
	from = min(from, len(all))
	to := min(from+limit, len(all))
	if to < len(all) {
		next = base64.RawURLEncoding.EncodeToString([]byte(list + "\x00" + strconv.Itoa(to)))
	}
	return all[from:to], next, nil
}
