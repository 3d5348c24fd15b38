package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"callx/audio"
	"callx/calls"
	"callx/output"
	"callx/output/ws"
)

// pushOptions is what the flags of push say.
type pushOptions struct {
	in      inputOptions
	sel     selection
	url     string
	speed   string
	rate    int
	headers []string
	quiet   bool

	factor float64
	header http.Header
}

func (a *app) pushCommand() *cobra.Command {
	var o pushOptions
	cmd := &cobra.Command{
		Use:   "push FILE... --ws URL",
		Short: "Replay the calls to a speech server over WebSocket",
		Long: `Push reconstructs the calls as extract does and replays each leg on its own
WebSocket connection, as if the calls were live: they overlap as they did, in
frames of 20 ms that are sent when they are due. A text message announces the
leg (call_id, tag, rate, ...), binary messages carry 16-bit little-endian PCM,
a last text message has "type":"end".`,
		Example: `  callx push dump.pcap --ws ws://localhost:8765
  callx push dump.pcap --ws wss://asr.example.com/in --speed 4x --call 3
  callx push dump.pcap --ws ws://localhost:8765 --speed max --header 'Authorization: Bearer abc'`,
		Args: files,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return a.push(cmd.Context(), args, &o)
		},
	}
	o.in.flags(cmd)
	o.sel.flags(cmd)
	f := cmd.Flags()
	f.StringVar(&o.url, "ws", "", "where to connect to, ws:// or wss:// (required)")
	f.StringVar(&o.speed, "speed", "1x", "how fast: 1x is real time, 4x, 0.5x, or max")
	f.IntVar(&o.rate, "rate", 16000, "sample rate to send in Hz")
	f.StringArrayVar(&o.headers, "header", nil, "header of the handshake, 'Name: value' (repeatable)")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "no progress bar and no summary")
	return cmd
}

func (o *pushOptions) check() error {
	if o.url == "" {
		return usagef("say where to push to: --ws ws://host:port/path")
	}
	if err := ws.CheckURL(o.url); err != nil {
		return usagef("--ws: %w", err)
	}
	if o.rate == 0 {
		return usagef("--rate 0: use %d to %d Hz", minRate, maxRate)
	}
	if err := checkRate(o.rate); err != nil {
		return err
	}
	if o.factor = speed(o.speed); o.factor == 0 {
		return usagef("--speed %q: use 1x, 4x, 0.5x or max", o.speed)
	}
	o.header = http.Header{}
	for _, h := range o.headers {
		name, value, ok := strings.Cut(h, ":")
		if name = strings.TrimSpace(name); !ok || name == "" {
			return usagef("--header: write 'Name: value'") // the value may be a secret: not repeated
		}
		o.header.Add(name, strings.TrimSpace(value))
	}
	return o.sel.check()
}

// speed reads a factor; 0 if it is none.
func speed(s string) float64 {
	if s == "max" {
		return math.Inf(1)
	}
	f, err := strconv.ParseFloat(strings.TrimSuffix(s, "x"), 64)
	if err != nil || !(f >= 0.01 && f <= 1000) {
		return 0
	}
	return f
}

// push is the command.
func (a *app) push(ctx context.Context, paths []string, o *pushOptions) error {
	bar := a.newProgress(o.quiet, 2)
	defer bar.done()
	c, err := a.open(ctx, paths, &o.in, bar)
	if err != nil {
		return err
	}
	defer c.src.Close()
	selected, err := o.sel.apply(c.index.Calls)
	if err != nil {
		return err
	}
	spool, err := os.MkdirTemp("", "callx-push-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(spool)
	p := &pusher{dir: spool, rate: o.rate, pool: &output.Pool{MaxOpen: maxOpenFiles()}}
	rec := &reconstruction{capture: c, pcm: p.pcm, done: p.done}
	rec.only(selected)
	bar.next("decoding")
	if err := rec.run(ctx, bar); err != nil {
		return err
	}
	bar.done()
	legs, closeAll, err := p.legs(selected)
	defer closeAll()
	if err != nil {
		return err
	}
	results, err := ws.Replay(ctx, legs, ws.Options{URL: o.url, Header: o.header, Speed: o.factor})
	if err != nil {
		return err
	}
	failed := 0
	for _, r := range results {
		if r.Err != nil {
			failed++
			fmt.Fprintf(a.stderr, "callx: %s: %s\n", printable(r.Tag), message(r.Err))
		}
	}
	s := summarise(selected, c)
	if !o.quiet {
		s.print(a.stderr)
		printReplay(a.stderr, results, o.rate)
	}
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case failed > 0 && failed == len(results):
		return fmt.Errorf("no leg could be pushed to %s", o.url)
	case failed > 0:
		return errIncomplete
	}
	return s.err()
}

// A pusher spools the legs' PCM: the very samples that extract writes.
type pusher struct {
	dir  string
	rate int
	pool *output.Pool
}

func (p *pusher) path(c *calls.Call, l *calls.Leg) string {
	return filepath.Join(p.dir, fmt.Sprintf("%d-%s.l16", c.Number, l.Party))
}

func (p *pusher) pcm(c *calls.Call, l *calls.Leg, rate, channels int) (aborter, error) {
	w, err := output.NewL16(p.pool, p.path(c, l), p.rate, channels, output.FileOptions{})
	if err != nil {
		return nil, err
	}
	return &fileSet{Sink: audio.NewResampler(w, rate, p.rate, channels), sinks: []*output.PCMFile{w}}, nil
}

func (p *pusher) done(_ *calls.Call, l *calls.Leg, w *legWork) error {
	if set, ok := w.sink.(*fileSet); ok {
		info := set.sinks[0].Info()
		l.Files = append(l.Files, calls.File{Path: info.Path, Format: info.Format, Rate: info.Rate, Channels: info.Channels, Samples: info.Samples})
	}
	return nil
}

// legs lists what there is to replay: each at its call's place in time.
func (p *pusher) legs(cs []*calls.Call) (legs []ws.Leg, closeAll func(), err error) {
	var open []io.Closer
	closeAll = func() {
		for _, f := range open {
			f.Close()
		}
	}
	var zero time.Time
	for _, c := range cs {
		if !c.Origin.IsZero() && (zero.IsZero() || c.Origin.Before(zero)) {
			zero = c.Origin.Time
		}
	}
	for _, c := range cs {
		for _, l := range c.Legs {
			if len(l.Files) == 0 {
				continue
			}
			f, err := os.Open(l.Files[0].Path)
			if err != nil {
				return nil, closeAll, err
			}
			open = append(open, f)
			id := c.ID
			if len(c.CallIDs) > 0 {
				id = c.CallIDs[0]
			}
			legs = append(legs, ws.Leg{
				CallID: id, Tag: output.Folder(c) + "-" + l.Party, Party: l.Party,
				Caller: c.Caller.User, Callee: c.Callee.User, Start: c.Origin.Time, Offset: c.Origin.Sub(zero),
				Rate: l.Files[0].Rate, Channels: l.Files[0].Channels, PCM: f, Samples: l.Files[0].Samples,
			})
		}
	}
	return legs, closeAll, nil
}

// printReplay says what was sent.
func printReplay(w io.Writer, results []ws.Result, rate int) {
	var sent, total int64
	whole := 0
	var late ws.Lateness
	for i := range results {
		r := &results[i]
		late.Merge(&r.Late)
		sent += r.Sent
		total += r.Samples
		if r.Err == nil {
			whole++
		}
	}
	seconds := func(n int64) time.Duration {
		return time.Duration(float64(n) / float64(rate) * 1e9).Round(10 * time.Millisecond)
	}
	fmt.Fprintf(w, "callx: %d of %s pushed, %v of %v of audio\n", whole, count(len(results), "leg"), seconds(sent), seconds(total))
	if late.Count() > 0 {
		round := func(d time.Duration) time.Duration { return d.Round(10 * time.Microsecond) }
		fmt.Fprintf(w, "callx: frames were sent %v late in the median, 99%% within %v, all within %v\n",
			round(late.Percentile(50)), round(late.Percentile(99)), round(late.Max()))
	}
}
