package ws

// A Dialect is the protocol that a family of speech servers speaks on a
// WebSocket: what is said before, with and after the audio. It has no state.
type Dialect interface {
	// MaxSpeed is the highest speed that such servers take: 1 is real time,
	// math.Inf(1) no limit.
	MaxSpeed() float64
	// Session starts the dialect's part of one leg's connection. leg stays
	// as it is while the session lasts.
	Session(leg *Leg) Session
}

// A Session says one leg to a server. Its methods are called by one goroutine:
// Start once, Audio for every frame, Stop once, also after an interruption. An
// error of conn is returned as it is.
type Session interface {
	// Start says whatever the server wants to know before the first audio.
	Start(conn Conn) error
	// Audio sends one frame: signed 16-bit little-endian PCM, channels
	// interleaved, whole samples. It is borrowed and must not be kept.
	Audio(conn Conn, pcm []byte) error
	// Stop says that no audio follows. The WebSocket's own close comes
	// after it and is not the session's business.
	Stop(conn Conn) error
}

// A Conn sends messages. Messages are borrowed for the call.
type Conn interface {
	Text(message []byte) error
	Binary(message []byte) error
}

// Dialects are all dialects by the name that users know them by.
var Dialects = map[string]Dialect{
	"mirror": Mirror{},
}
