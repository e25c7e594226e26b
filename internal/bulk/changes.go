package bulk

import (
	"context"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/authz"
	"github.com/cobuild/cobuild/internal/platform/stream"
)

// glance is how often a job is looked at for those who listen to it.
const glance = 500 * time.Millisecond

// Changes tells how a job gets on, from how it is now to its end. It ends with NOT_FOUND when the caller may see the job
// no more.
func (s *Service) Changes(ctx context.Context, of id.BulkJob) (stream.Source, error) {
	if _, err := s.Job(ctx, of); err != nil {
		return nil, err
	}
	return &changes{s: s, of: of}, nil
}

// changes are the turns of a job as one caller hears them. How far a piece has come is no event of the journal, which
// keeps what happened for good; so the job itself is looked at.
type changes struct {
	s    *Service
	of   id.BulkJob
	told string
	last bool
}

// Close has nothing to let go of.
func (*changes) Close() {}

// Next waits until the job is further on.
func (c *changes) Next(ctx context.Context) (*stream.Event, error) {
	if c.last {
		return nil, io.EOF
	}
	look := time.NewTimer(0)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-look.C:
		}
		actor, err := c.s.Rights(ctx)
		if err != nil {
			return nil, err
		}
		j, err := c.s.Job(authz.With(ctx, actor), c.of)
		if err != nil {
			return nil, err
		}
		if state := j.standing(); state != c.told {
			c.told, c.last = state, j.State.over()
			return &stream.Event{Value: j, Actor: actor}, nil
		}
		look.Reset(glance)
	}
}

// standing says how far the job is, in one word for each that differs.
func (j *Job) standing() string {
	total := -1
	if j.Total != nil {
		total = *j.Total
	}
	return string(j.State) + " " + counted(j.Rows, total, j.FailedRows)
}

func counted(n ...int) string {
	var out strings.Builder
	for _, one := range n {
		out.WriteString(strconv.Itoa(one) + " ")
	}
	return out.String()
}
