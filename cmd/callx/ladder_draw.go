package main

import (
	"bytes"
	"fmt"
	"html"
	"strings"
	"unicode/utf8"
)

// A pen is what a ladder is drawn with in text.
type pen struct {
	line, message, media    string
	right, left, mediaRight string
	mediaLeft               string
}

var (
	boxPen   = pen{"│", "─", "═", "▶", "◀", "▶", "◀"}
	asciiPen = pen{"|", "-", "=", ">", "<", ">", "<"}
)

// maxTitle bounds names that are longer than any name.
const maxTitle = 200

// margin is the room for time and frame number.
const margin = 19

// text draws the ladder in width columns.
func (l *ladder) text(width int, ascii bool) []byte {
	p := boxPen
	if ascii {
		p = asciiPen
	}
	gap := 24
	if n := len(l.hosts); n > 1 {
		gap = max(14, (width-margin-12)/(n-1))
	}
	var b bytes.Buffer
	clean := func(s string) string {
		s = printable(s)
		if !ascii {
			return s
		}
		return strings.Map(func(r rune) rune {
			if r > 126 {
				return '?'
			}
			return r
		}, s)
	}
	fmt.Fprintf(&b, "%s\n\n%*s", clip(clean(l.title), maxTitle), margin, "")
	for _, h := range l.hosts {
		fmt.Fprintf(&b, "%-*s", gap, clip(clean(h), gap-1))
	}
	b.Truncate(len(bytes.TrimRight(b.Bytes(), " ")))
	b.WriteByte('\n')
	for _, s := range l.steps {
		frame := ""
		if s.frame > 0 {
			frame = fmt.Sprint(s.frame)
		}
		fmt.Fprintf(&b, "%9.3f %8s ", s.at.Seconds(), frame)
		row := l.row(s, gap, p, clean)
		b.WriteString(strings.TrimRight(row, " ") + "\n")
	}
	return b.Bytes()
}

// row draws one step: the hosts' lines, and between two of them the arrow with
// its label.
func (l *ladder) row(s step, gap int, p pen, clean func(string) string) string {
	var cells []string // one a column
	for i := range l.hosts {
		cells = append(cells, p.line)
		if i < len(l.hosts)-1 {
			for range gap - 1 {
				cells = append(cells, " ")
			}
		}
	}
	from, to := min(s.from, s.to), max(s.from, s.to)
	label := []rune(" " + clean(s.label) + " ")
	if from == to {
		return strings.Join(cells[:from*gap+1], "") + string(label)
	}
	body, head := p.message, p.right
	if s.media {
		body, head = p.media, p.mediaRight
	}
	start, end := from*gap+1, to*gap-1 // first and last column between the lines
	for i := start; i <= end; i++ {
		cells[i] = body
	}
	if s.to > s.from {
		cells[end] = head
	} else {
		head = p.left
		if s.media {
			head = p.mediaLeft
		}
		cells[start] = head
	}
	room := end - start - 1
	if len(label) > room {
		label = []rune(clip(string(label), room))
	}
	at := start + 1 + (room-len(label))/2
	for i, r := range label {
		cells[at+i] = string(r)
	}
	return strings.Join(cells, "")
}

// clip cuts s to n characters, with a mark where it was longer.
func clip(s string, n int) string {
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	if n <= 1 {
		return ""
	}
	return string([]rune(s)[:n-1]) + "~"
}

// The measures of the picture, in its units.
const (
	svgGap    = 300
	svgLeft   = 150
	svgTop    = 90
	svgRow    = 30
	svgMedia  = "#1a7f37"
	svgArrow  = "#0550ae"
	svgBorder = 40
)

// svg draws the ladder as a self-contained picture. All that comes from packets
// is escaped.
func (l *ladder) svg() []byte {
	width := svgLeft + max(len(l.hosts)-1, 1)*svgGap + 2*svgBorder + 140
	height := svgTop + (len(l.steps)+1)*svgRow + svgBorder
	text := func(s string) string { return html.EscapeString(printable(s)) }
	x := func(host int) int { return svgLeft + svgBorder + host*svgGap }
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" height="%d" font-family="sans-serif" font-size="13">`+"\n", width, height, width, height)
	fmt.Fprintf(&b, "<title>%s</title>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#fff\"/>\n", text(clip(l.title, maxTitle)))
	fmt.Fprintf(&b, "<text x=\"20\" y=\"30\" font-size=\"17\" font-weight=\"bold\">%s</text>\n", text(clip(l.title, 90)))
	for i, h := range l.hosts {
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" font-weight=\"bold\">%s</text>\n", x(i), svgTop-22, text(clip(h, 40)))
		fmt.Fprintf(&b, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"#999\"/>\n", x(i), svgTop-12, x(i), height-20)
	}
	for n, s := range l.steps {
		y := svgTop + (n+1)*svgRow
		fmt.Fprintf(&b, "<text x=\"12\" y=\"%d\" fill=\"#555\" font-family=\"monospace\" font-size=\"12\">%9.3f s</text>\n", y, s.at.Seconds())
		if s.frame > 0 {
			fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" fill=\"#888\" font-family=\"monospace\" font-size=\"12\" text-anchor=\"end\">#%d</text>\n", svgLeft, y, s.frame)
		}
		if s.from == s.to {
			fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" fill=\"#953800\">%s</text>\n", x(s.from)+8, y, text(clip(s.label, 80)))
			continue
		}
		colour, stroke := svgArrow, 1
		if s.media {
			colour, stroke = svgMedia, 4
		}
		tip := 9
		if s.to < s.from {
			tip = -9
		}
		fmt.Fprintf(&b, "<line x1=\"%d\" y1=\"%d\" x2=\"%d\" y2=\"%d\" stroke=\"%s\" stroke-width=\"%d\"/>\n", x(s.from), y, x(s.to)-tip, y, colour, stroke)
		fmt.Fprintf(&b, "<path d=\"M%d %d l%d -5 v10 z\" fill=\"%s\"/>\n", x(s.to), y, -tip, colour)
		fmt.Fprintf(&b, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\" fill=\"%s\">%s</text>\n", (x(s.from)+x(s.to))/2, y-6, colour, text(clip(s.label, 18+25*max(s.to-s.from, s.from-s.to))))
	}
	b.WriteString("</svg>\n")
	return b.Bytes()
}
