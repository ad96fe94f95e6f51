package main

import (
	"bytes"
	"cmp"
	"image"
	"image/color"
	"image/png"
	"slices"
)

// colours is how many a picture keeps: the page has few, and a picture of 256
// is a third of the size.
const colours = 256

// shrink writes a picture with its most frequent colours only.
func shrink(raw []byte) ([]byte, error) {
	src, err := png.Decode(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	bounds := src.Bounds()
	palette := frequent(src)
	dst := image.NewPaletted(bounds, palette)
	known := map[color.RGBA]uint8{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			c := at(src, x, y)
			i, ok := known[c]
			if !ok {
				i = uint8(palette.Index(c)) //nolint:gosec // a palette has at most 256
				known[c] = i
			}
			dst.SetColorIndex(x, y, i)
		}
	}
	var out bytes.Buffer
	err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&out, dst)
	return out.Bytes(), err
}

func frequent(src image.Image) color.Palette {
	bounds := src.Bounds()
	count := map[color.RGBA]int{}
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			count[at(src, x, y)]++
		}
	}
	all := make([]color.RGBA, 0, len(count))
	for c := range count {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b color.RGBA) int {
		return cmp.Or(cmp.Compare(count[b], count[a]), cmp.Compare(packed(a), packed(b)))
	})
	palette := make(color.Palette, 0, colours)
	for _, c := range all[:min(len(all), colours/2)] {
		palette = append(palette, c)
	}
	return rare(palette, all)
}

// rare fills a palette with colours unlike those it has: a small green dot has
// fewer points than any shade of a letter's edge.
func rare(palette color.Palette, all []color.RGBA) color.Palette {
	have := map[color.RGBA]bool{}
	for _, c := range palette {
		have[coarse(c.(color.RGBA))] = true
	}
	for _, c := range all {
		if len(palette) == colours {
			break
		}
		if k := coarse(c); !have[k] {
			have[k] = true
			palette = append(palette, c)
		}
	}
	return palette
}

func coarse(c color.RGBA) color.RGBA {
	return color.RGBA{R: c.R >> 4, G: c.G >> 4, B: c.B >> 4}
}

func at(src image.Image, x, y int) color.RGBA {
	return color.RGBAModel.Convert(src.At(x, y)).(color.RGBA)
}

func packed(c color.RGBA) uint32 {
	return uint32(c.R)<<16 | uint32(c.G)<<8 | uint32(c.B)
}
