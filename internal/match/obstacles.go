package match

import (
	"time"

	"github.com/cobuild/cobuild/internal/id"
	"github.com/cobuild/cobuild/internal/platform/scalar"
)

// zone is where days begin and end for matching.
func zone() *time.Location { return time.FixedZone("Asia/Shanghai", 8*60*60) }

// obstacles are what keeps a pair apart.
func (j *judge) obstacles(p *pair) []*Obstacle {
	out := []*Obstacle{}
	for _, find := range []func(*pair) *Obstacle{j.claimed, j.little, j.otherTime, j.far, j.soon} {
		if o := find(p); o != nil {
			out = append(out, o)
		}
	}
	return out
}

func (j *judge) claimed(p *pair) *Obstacle {
	switch {
	case p.need.Standing == Taken:
		return &Obstacle{AlreadyClaimed, say("ALREADY_CLAIMED.NEED")}
	case p.resource.Standing == Taken:
		return &Obstacle{AlreadyClaimed, say("ALREADY_CLAIMED.RESOURCE")}
	}
	return nil
}

func (j *judge) little(p *pair) *Obstacle {
	share, known := p.covered()
	if !known || share >= j.w.Capacity.Least || p.resource.Standing == Taken {
		return nil
	}
	return &Obstacle{TooLittle, say("TOO_LITTLE",
		"left", number(*p.resource.Left), "wanted", number(*p.need.Left), "unit", plain(p.need.Unit), "percent", number(j.w.Capacity.Least/10))}
}

func (j *judge) otherTime(p *pair) *Obstacle {
	if shared, least := j.shared(p); least == 0 || shared > 0 {
		return nil
	}
	return &Obstacle{OtherTime, say("OTHER_TIME", "days", number(horizon))}
}

func (j *judge) far(p *pair) *Obstacle {
	reach := j.w.reach(p.need.Type)
	metres, known := p.apart()
	switch {
	case known && metres > reach:
		return &Obstacle{TooFar, say("TOO_FAR.METRES", "metres", number(metres), "reach", number(reach))}
	case !known && !p.together(id.KindDistrict):
		return &Obstacle{TooFar, say("TOO_FAR.AREA")}
	}
	return nil
}

func (j *judge) soon(p *pair) *Obstacle {
	for _, i := range []*Item{p.need, p.resource} {
		if i.ValidUntil == nil {
			continue
		}
		if day := scalar.DateOf(*i.ValidUntil, zone()); day.Sub(j.today) < j.w.Timing.SoonDays {
			return &Obstacle{ExpiresSoon, say("EXPIRES_SOON."+string(i.Side), "day", plain(string(day)))}
		}
	}
	return nil
}
