package githubx

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/go-github/v92/github"
)

// TeamMember says whether a person is an active member of a team; somebody who
// was invited and has not accepted is not. false is only answered where the
// team itself can be read: GitHub answers 404 both for a stranger and for a
// team that the credentials may not see, and the latter is an error.
func (c *Client) TeamMember(ctx context.Context, org, slug, login string) (bool, error) {
	gh, err := c.client(ctx, org)
	if err != nil {
		return false, err
	}
	var state string
	err = c.patient(ctx, func(ctx context.Context) error {
		m, _, err := gh.Teams.GetTeamMembershipBySlug(ctx, org, slug, login)
		if err == nil {
			state = m.GetState()
		}
		return err
	})
	switch {
	case err == nil:
		return state == "active", nil
	case !errors.Is(err, ErrNotFound):
		return false, fmt.Errorf("membership of %s in %s/%s: %w", login, org, slug, err)
	}
	err = c.patient(ctx, func(ctx context.Context) error {
		_, _, err := gh.Teams.GetTeamBySlug(ctx, org, slug)
		return err
	})
	if err != nil {
		return false, fmt.Errorf("team %s/%s: %w", org, slug, err)
	}
	return false, nil
}

// LoginOf answers the login that an account has now, "" where there is no such
// account any more: a login may be changed, and then be somebody else's. It is
// asked with the credentials for an organisation.
func (c *Client) LoginOf(ctx context.Context, org string, id int64) (login string, err error) {
	gh, err := c.client(ctx, org)
	if err != nil {
		return "", err
	}
	err = c.patient(ctx, func(ctx context.Context) error {
		u, _, err := gh.Users.GetByID(ctx, id)
		if err == nil {
			login = u.GetLogin()
		}
		return err
	})
	switch {
	case errors.Is(err, ErrNotFound):
		return "", nil
	case err != nil:
		return "", fmt.Errorf("account %d: %w", id, err)
	}
	return login, nil
}

// TeamMembers answers the ids of a team's active members by their logins.
func (c *Client) TeamMembers(ctx context.Context, org, slug string) (map[string]int64, error) {
	gh, err := c.client(ctx, org)
	if err != nil {
		return nil, err
	}
	members := map[string]int64{}
	page := github.ListOptions{PerPage: 100}
	for {
		var next int
		err := c.patient(ctx, func(ctx context.Context) error {
			list, resp, err := gh.Teams.ListTeamMembersBySlug(ctx, org, slug, &github.TeamListTeamMembersOptions{ListOptions: page})
			if err != nil {
				return err
			}
			for _, m := range list {
				members[m.GetLogin()] = m.GetID()
			}
			next = resp.NextPage
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("members of %s/%s: %w", org, slug, err)
		}
		if next == 0 {
			return members, nil
		}
		page.Page = next
	}
}

// Commit answers the full SHA of the commit that ref (a branch, a tag, a SHA,
// HEAD) stands for now.
func (c *Client) Commit(ctx context.Context, owner, repo, ref string) (string, error) {
	gh, err := c.client(ctx, owner)
	if err != nil {
		return "", err
	}
	var sha string
	err = c.patient(ctx, func(ctx context.Context) error {
		// One file of the commit's diff is the least that can be asked for.
		commit, _, err := gh.Repositories.GetCommit(ctx, owner, repo, ref, &github.ListOptions{PerPage: 1})
		sha = commit.GetSHA()
		return err
	})
	if answer, ok := errors.AsType[*github.ErrorResponse](err); ok && answer.Response.StatusCode == http.StatusUnprocessableEntity {
		err = ErrNotFound // "No commit found for SHA": the repository is there
	}
	if err != nil {
		return "", fmt.Errorf("commit %s of %s/%s: %w", ref, owner, repo, err)
	}
	return sha, nil
}

// File answers a file at a commit, of at most limit bytes.
func (c *Client) File(ctx context.Context, owner, repo, commit, path string, limit int) ([]byte, error) {
	gh, err := c.client(ctx, owner)
	if err != nil {
		return nil, err
	}
	var file *github.RepositoryContent
	err = c.patient(ctx, func(ctx context.Context) error {
		file, _, _, err = gh.Repositories.GetContents(ctx, owner, repo, path, &github.RepositoryContentGetOptions{Ref: commit})
		return err
	})
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s of %s/%s: %w", path, owner, repo, err)
	case file == nil:
		return nil, fmt.Errorf("%s of %s/%s is a directory: %w", path, owner, repo, ErrNotFound)
	case file.GetSize() > limit:
		return nil, fmt.Errorf("%s of %s/%s has %d bytes: %w", path, owner, repo, file.GetSize(), ErrTooLarge)
	}
	text, err := file.GetContent()
	if err != nil {
		return nil, fmt.Errorf("%s of %s/%s: %w", path, owner, repo, err)
	}
	return []byte(text), nil
}

// Comparison is how two refs of a repository differ, as GitHub sees it.
type Comparison struct {
	Ahead, Behind int
	Commits       []Commit // of those ahead at most 250, oldest first
	URL           string
}

// Commit is one commit of a comparison.
type Commit struct{ SHA, Message, Author string }

// Compare answers what head has that base lacks. Where one of them is no ref of
// the repository it is ErrNotFound.
func (c *Client) Compare(ctx context.Context, owner, repo, base, head string) (Comparison, error) {
	gh, err := c.client(ctx, owner)
	if err != nil {
		return Comparison{}, err
	}
	var said *github.CommitsComparison
	err = c.patient(ctx, func(ctx context.Context) error {
		said, _, err = gh.Repositories.CompareCommits(ctx, owner, repo, base, head, nil)
		return err
	})
	if err != nil {
		return Comparison{}, fmt.Errorf("compare %s and %s of %s/%s: %w", base, head, owner, repo, err)
	}
	out := Comparison{Ahead: said.GetAheadBy(), Behind: said.GetBehindBy(), URL: said.GetHTMLURL()}
	for _, one := range said.Commits {
		author := one.GetAuthor().GetLogin()
		if author == "" {
			author = one.GetCommit().GetAuthor().GetName()
		}
		out.Commits = append(out.Commits, Commit{SHA: one.GetSHA(), Message: one.GetCommit().GetMessage(), Author: author})
	}
	return out, nil
}
