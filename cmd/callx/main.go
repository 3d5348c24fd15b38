// Callx gets the voices out of packet captures. Run "callx help".
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
)

// Exit codes, the same for every command.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitIncomplete  = 3 // done, but something could not be reconstructed
	exitInterrupted = 130
)

// errUsage marks errors in what was typed; errIncomplete those of a run that
// went through but left something out. The latter is said by the summary.
var (
	errUsage      = errors.New("usage")
	errIncomplete = errors.New("incomplete")
)

func main() {
	if os.Getenv("GOGC") == "" {
		// What is allocated in pass 1 mostly stays: to collect more often costs
		// little, and room for as much again would go to waste.
		debug.SetGCPercent(30)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdin, os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// An app is what a command may touch of the world.
type app struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
}

// run is main without the process: it returns the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{stdin, stdout, stderr}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	cmd, err := root.ExecuteContextC(ctx)
	code := exitCode(err)
	switch code {
	case exitOK, exitIncomplete:
	case exitInterrupted:
		fmt.Fprintln(stderr, "callx: interrupted")
	case exitUsage:
		fmt.Fprintf(stderr, "callx: %s\nTry 'callx help %s'.\n", message(err), strings.TrimPrefix(strings.TrimPrefix(cmd.CommandPath(), "callx"), " "))
	default:
		fmt.Fprintln(stderr, "callx:", message(err))
	}
	return code
}

// exitCode is the one place where errors become exit codes.
func exitCode(err error) int {
	switch {
	case err == nil:
		return exitOK
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	case errors.Is(err, errUsage):
		return exitUsage
	case errors.Is(err, errIncomplete):
		return exitIncomplete
	}
	return exitFailure
}

// message is an error in one line, without the marks.
func message(err error) string {
	return strings.TrimPrefix(printable(strings.ReplaceAll(err.Error(), "\n", "; ")), "usage: ")
}

func usagef(format string, args ...any) error {
	return fmt.Errorf("%w: %w", errUsage, fmt.Errorf(format, args...))
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "callx",
		Short: "Get the voices out of packet captures",
		Long: `callx finds the calls in packet captures and gets their audio out: each party
on its own track, in time with each other, nothing lost without being told.

Exit codes: 0 all good; 1 failure; 2 usage; 3 done, but something could not be
reconstructed (named on stderr and in the reports); 130 interrupted.`,
		Example: `  callx list dump.pcap
  callx extract dump.pcap -o out/
  callx push dump.pcap --ws ws://localhost:8765 --speed 4x`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return cmd.Help()
		},
	}
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usagef("%w", err) })
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(a.listCommand(), a.extractCommand(), a.pushCommand(), a.recvCommand(), a.whyCommand(), a.ladderCommand(), a.versionCommand(), a.benchCommand())
	root.Args = func(_ *cobra.Command, args []string) error {
		if len(args) > 0 {
			return usagef("unknown command %q", args[0])
		}
		return nil
	}
	return root
}

// files is the argument rule of commands that read captures.
func files(_ *cobra.Command, args []string) error {
	if len(args) == 0 {
		return usagef("name at least one capture file, or - for standard input")
	}
	return nil
}

// none is the argument rule of commands that take no arguments.
func none(_ *cobra.Command, args []string) error {
	if len(args) > 0 {
		return usagef("unexpected argument %q", args[0])
	}
	return nil
}
