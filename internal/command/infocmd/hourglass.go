package infocmd

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// hourglass draws how far the hour has run at an instant of the wall clock, in Braille characters, and says it below. No
// two instants scatter the grains alike.
func hourglass(wallNs int64, columns, rows int) string {
	at := time.Unix(0, wallNs).UTC().Truncate(time.Second)
	gone := at.Sub(at.Truncate(time.Hour))
	g := &glass{canvas: newCanvas(columns, rows), rnd: rand.New(rand.NewPCG(uint64(wallNs), 0))}
	g.outline()
	g.fill(gone.Hours())
	left := time.Hour - gone
	return g.text() + fmt.Sprintf("\n%s UTC, the hour ends in %02d:%02d\n", at.Format("15:04:05"), int(left.Minutes()), int(left.Seconds())%60)
}

// canvas is a field of dots, two by four in each Braille character.
type canvas struct {
	width, height int
	dots          []bool
}

func newCanvas(columns, rows int) *canvas {
	return &canvas{width: 2 * columns, height: 4 * rows, dots: make([]bool, 8*columns*rows)}
}

func (c *canvas) set(x, y int) {
	if x >= 0 && x < c.width && y >= 0 && y < c.height {
		c.dots[y*c.width+x] = true
	}
}

// braille are the bits of the dots of a character, by row and column.
var braille = [4][2]rune{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}

func (c *canvas) text() string {
	var b strings.Builder
	for top := 0; top < c.height; top += 4 {
		for left := 0; left < c.width; left += 2 {
			char := rune(0x2800)
			for y, row := range braille {
				for x, bit := range row {
					if c.dots[(top+y)*c.width+left+x] {
						char |= bit
					}
				}
			}
			b.WriteRune(char)
		}
		b.WriteByte('\n')
	}
	return b.String()
}

// glass is an hourglass on a canvas.
type glass struct {
	*canvas
	rnd *rand.Rand
}

// neck is the half width in dots of the hole between the bulbs.
const neck = 1.5

// lid is the height in dots of the boards above and below.
const lid = 2

// halfWidth of the inside at height y, and whether y lies within.
func (g *glass) halfWidth(y int) (half float64, inside bool) {
	middle := float64(g.height-1) / 2
	reach := middle - lid
	if y < lid || y >= g.height-lid {
		return 0, false
	}
	far := math.Abs(float64(y)-middle) / reach
	full := float64(g.width)/2 - 3
	// A quarter of an ellipse towards the lids, and a curve that leaves the neck steeply.
	return neck + (full-neck)*math.Sin(math.Pi/2*math.Pow(far, 0.8)), true
}

func (g *glass) centre() float64 { return float64(g.width-1) / 2 }

func (g *glass) outline() {
	for x := range g.width {
		for y := range lid {
			g.set(x, y)
			g.set(x, g.height-1-y)
		}
	}
	last := float64(g.width)/2 - 1
	for y := range g.height {
		half, inside := g.halfWidth(y)
		if !inside {
			continue
		}
		// As wide as the wall falls away to the next line, so that it has no holes.
		for w := half + 1; w <= min(last, max(half+1, g.nextHalf(y))); w++ {
			g.set(int(math.Floor(g.centre()-w)), y)
			g.set(int(math.Ceil(g.centre()+w)), y)
		}
	}
}

// nextHalf is the half width one line further from the neck.
func (g *glass) nextHalf(y int) float64 {
	if 2*y < g.height {
		y--
	} else {
		y++
	}
	half, _ := g.halfWidth(y)
	return half
}

// grain is a place for sand; rank orders the places in which the sand lies or leaves.
type grain struct {
	x, y int
	rank float64
}

// Slopes of the funnel above and of the heap below, in dots down for a dot aside, and how many dots of chance there are.
const (
	funnel  = 0.55
	heap    = 0.6
	scatter = 1.6
	density = 0.9
)

// fill puts the sand that has run below, and what is left above.
func (g *glass) fill(run float64) {
	var above, below []grain
	for y := range g.height {
		half, inside := g.halfWidth(y)
		if !inside {
			continue
		}
		for x := range g.width {
			aside := math.Abs(float64(x) - g.centre())
			if aside > half-0.5 {
				continue
			}
			chance := (g.rnd.Float64() - 0.5) * scatter
			if 2*y < g.height {
				above = append(above, grain{x, y, float64(y) + funnel*aside + chance})
			} else {
				below = append(below, grain{x, y, -float64(y) + heap*aside + chance})
			}
		}
	}
	byRank := func(a, b grain) int { return cmp.Compare(a.rank, b.rank) }
	slices.SortFunc(above, byRank)
	slices.SortFunc(below, byRank)
	// A bulb is never quite full.
	const full = 0.8
	gone := int(float64(len(above)) * (1 - full*(1-run)))
	g.scatter(above[gone:])
	lying := int(float64(len(below)) * full * run)
	g.scatter(below[:lying])
	g.stream(below[lying:])
}

func (g *glass) scatter(grains []grain) {
	for _, s := range grains {
		if g.rnd.Float64() < density {
			g.set(s.x, s.y)
		}
	}
}

// stream draws the grains that fall through the free places below.
func (g *glass) stream(free []grain) {
	for _, s := range free {
		if math.Abs(float64(s.x)-g.centre()) < 1 && g.rnd.Float64() < 0.5 {
			g.set(s.x, s.y)
		}
	}
}
