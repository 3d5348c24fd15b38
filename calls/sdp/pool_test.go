package sdp

import (
	"reflect"
	"testing"
	"unsafe"
)

const pooled = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\na=group:BUNDLE x\r\n" +
	"m=audio 4000 RTP/SAVP 8 101\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=mid:x\r\n" +
	"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:abc\r\na=candidate:1 1 UDP 1 192.0.2.9 4000 typ host\r\n"

// What a pool parses says what Parse reads, but for the origin.
func TestPool(t *testing.T) {
	var p Pool
	for range 2 {
		got, err := p.Parse([]byte(pooled))
		if err != nil {
			t.Fatal(err)
		}
		want, _ := Parse([]byte(pooled))
		want.Origin, want.OriginID, want.OriginVersion = "", "", ""
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v\nwant %+v", got, want)
		}
	}
	a, _ := p.Parse([]byte(pooled))
	b, _ := p.Parse([]byte(pooled))
	if unsafe.SliceData(a.Media[0].Formats) != unsafe.SliceData(b.Media[0].Formats) {
		t.Error("the formats are not shared")
	}
	if _, err := p.Parse([]byte("nothing")); err != ErrNotSDP {
		t.Errorf("got %v, want %v", err, ErrNotSDP)
	}
}
