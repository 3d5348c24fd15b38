package pcapio

import (
	"os"

	"golang.org/x/sys/unix"
)

// freeRoom returns how many bytes this user may still write on the file system
// of f, and how big that is.
func freeRoom(f *os.File) (free, total int64, ok bool) {
	var st unix.Statfs_t
	if unix.Fstatfs(int(f.Fd()), &st) != nil {
		return 0, 0, false
	}
	return int64(st.Bavail) * st.Bsize, int64(st.Blocks) * st.Bsize, true
}
