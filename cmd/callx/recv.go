package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/spf13/cobra"

	"callx/output/ws"
)

// recvOptions is what the flags of recv say.
type recvOptions struct {
	listen string
	out    string
	format string
	quiet  bool
}

func (a *app) recvCommand() *cobra.Command {
	var o recvOptions
	cmd := &cobra.Command{
		Use:   "recv --listen ADDR -o DIR",
		Short: "Receive legs over WebSocket, as a speech server would, and store them",
		Long: `Recv accepts what callx push sends and writes each leg to <tag>.wav, so that a
replay can be tried and verified without any other software. It runs until it
is interrupted (Ctrl-C or SIGTERM) and finishes all files then.`,
		Example: `  callx recv --listen localhost:8765 -o received/
  callx recv --listen :8765 -o received/ --format l16`,
		Args: none,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if o.out == "" {
				return usagef("say where to write: -o DIR")
			}
			return a.recv(cmd.Context(), &o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.listen, "listen", "localhost:8765", "address to listen on, host:port")
	f.StringVarP(&o.out, "output", "o", "", "folder to write to (required)")
	f.StringVar(&o.format, "format", "wav", "wav or l16 (raw 16-bit little-endian)")
	f.BoolVarP(&o.quiet, "quiet", "q", false, "print nothing but errors")
	return cmd
}

// shutdownTime is how long connections have to end when recv is stopped.
const shutdownTime = 10 * time.Second

// recv is the command. To be stopped is its ordinary end.
func (a *app) recv(ctx context.Context, o *recvOptions) error {
	var incomplete int
	server := &ws.Server{Dir: o.out, Format: o.format, OnLeg: func(r ws.Received) {
		if !r.Complete || r.Err != nil {
			incomplete++
		}
		if !o.quiet || r.Err != nil {
			fmt.Fprintln(a.stderr, "callx:", printable(received(&r)))
		}
	}}
	if err := server.Check(); err != nil {
		return usagef("%w", err)
	}
	if info, err := os.Stat(o.out); err == nil && !info.IsDir() {
		return fmt.Errorf("%s: is a file; name a folder to write to", o.out)
	}
	l, err := net.Listen("tcp", o.listen)
	if err != nil {
		return err
	}
	fmt.Fprintf(a.stderr, "callx: listening on ws://%s\n", l.Addr())
	h := &http.Server{Handler: server, ReadHeaderTimeout: shutdownTime}
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	end, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTime)
	defer cancel()
	if err := errors.Join(h.Shutdown(end), server.Shutdown(end)); err != nil {
		return err
	}
	if incomplete > 0 {
		return errIncomplete
	}
	return nil
}

// received is the line about one leg.
func received(r *ws.Received) string {
	line := r.Remote + ": " + r.Tag
	if r.Path != "" {
		seconds := float64(r.Samples) / float64(max(r.Rate, 1))
		line += fmt.Sprintf(" -> %s: %d Hz, %d channels, %d samples (%.2f s)", r.Path, r.Rate, r.Channels, r.Samples, seconds)
	}
	if r.Err != nil {
		return line + ": " + r.Err.Error()
	}
	if !r.Complete {
		line += ", incomplete: the connection ended before the leg did"
	}
	return line
}
