// A Pion peer that does what lines of JSON on standard input say, and tells on standard output
// what happens. It ends with its input. It trickles, and echoes what comes over data channels.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"

	"github.com/pion/logging"
	"github.com/pion/webrtc/v3"
)

type message struct {
	Do        string                   `json:"do,omitempty"`
	Type      string                   `json:"type,omitempty"`
	SDP       string                   `json:"sdp,omitempty"`
	Candidate *webrtc.ICECandidateInit `json:"candidate,omitempty"`
	State     string                   `json:"state,omitempty"`
	Open      string                   `json:"open,omitempty"`
	Closed    string                   `json:"closed,omitempty"`
	Unordered bool                     `json:"unordered,omitempty"`
	Repeats   *uint16                  `json:"repeats,omitempty"`
	Text      string                   `json:"text,omitempty"`
	Error     string                   `json:"error,omitempty"`
}

var output sync.Mutex

func tell(what message) {
	output.Lock()
	defer output.Unlock()
	line, _ := json.Marshal(what)
	fmt.Println(string(line))
}

var channels sync.Map

func serve(channel *webrtc.DataChannel) {
	channels.Store(channel.Label(), channel)
	channel.OnOpen(func() { tell(message{Open: channel.Label()}) })
	channel.OnClose(func() { tell(message{Closed: channel.Label()}) })
	channel.OnMessage(func(got webrtc.DataChannelMessage) {
		if !got.IsString {
			_ = channel.Send(got.Data)
			return
		}
		tell(message{Text: string(got.Data)})
		_ = channel.SendText("echo " + string(got.Data))
	})
}

func connect() (*webrtc.PeerConnection, error) {
	// Standard output is for what is told.
	loggers := logging.NewDefaultLoggerFactory()
	loggers.Writer = os.Stderr
	settings := webrtc.SettingEngine{LoggerFactory: loggers}
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetInterfaceFilter(func(name string) bool { return name == "lo" })
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	media := &webrtc.MediaEngine{}
	if err := media.RegisterDefaultCodecs(); err != nil {
		return nil, err
	}
	api := webrtc.NewAPI(webrtc.WithSettingEngine(settings), webrtc.WithMediaEngine(media))
	return api.NewPeerConnection(webrtc.Configuration{})
}

func describe(pc *webrtc.PeerConnection, offer bool) error {
	var made webrtc.SessionDescription
	var err error
	if offer {
		made, err = pc.CreateOffer(nil)
	} else {
		made, err = pc.CreateAnswer(nil)
	}
	if err != nil {
		return err
	}
	// Told before it is set: gathering starts then, and its candidates come after.
	tell(message{Type: made.Type.String(), SDP: made.SDP})
	return pc.SetLocalDescription(made)
}

func obey(pc *webrtc.PeerConnection, order message) error {
	switch order.Do {
	case "channel":
		ordered := !order.Unordered
		init := webrtc.DataChannelInit{Ordered: &ordered, MaxRetransmits: order.Repeats}
		channel, err := pc.CreateDataChannel(order.Text, &init)
		if err == nil {
			serve(channel)
		}
		return err
	case "close":
		if channel, found := channels.Load(order.Text); found {
			return channel.(*webrtc.DataChannel).Close()
		}
		return nil
	case "audio":
		_, err := pc.AddTransceiverFromKind(webrtc.RTPCodecTypeAudio)
		return err
	case "offer":
		return describe(pc, true)
	case "answer":
		return describe(pc, false)
	case "remote":
		kind := webrtc.NewSDPType(order.Type)
		return pc.SetRemoteDescription(webrtc.SessionDescription{Type: kind, SDP: order.SDP})
	case "candidate":
		return pc.AddICECandidate(*order.Candidate)
	}
	return fmt.Errorf("unknown order %q", order.Do)
}

func main() {
	pc, err := connect()
	if err != nil {
		tell(message{Error: err.Error()})
		return
	}
	pc.OnICECandidate(func(candidate *webrtc.ICECandidate) {
		if candidate != nil {
			init := candidate.ToJSON()
			tell(message{Candidate: &init})
		}
	})
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		tell(message{State: state.String()})
	})
	pc.OnDataChannel(serve)
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var order message
		err := json.Unmarshal(lines.Bytes(), &order)
		if err == nil {
			err = obey(pc, order)
		}
		if err != nil {
			tell(message{Error: err.Error()})
		}
	}
	_ = pc.Close()
}
