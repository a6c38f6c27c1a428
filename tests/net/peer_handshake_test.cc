#include <memory>
#include <optional>
#include <vector>

#include "gtest/gtest.h"

#include "net/frame.h"
#include "net/handshake.h"
#include "net/peer_transport.h"
#include "tests/net/peer_world.h"

namespace net {
namespace {

using runtime::Incarnation;
using runtime::Instant;
using runtime::NodeId;

// The dialling side, byte by byte.
class Stranger {
 public:
  Stranger(sim::Process& process, const Address& address)
      : process_(process),
        reader_({.framing = Framing::kFrames}),
        stream_(*process.network().Dial(address, Framing::kFrames, Soon())) {}

  // What the acceptor says to `hello`; nothing if it says nothing.
  std::optional<Welcome> Greet(const Hello& hello) {
    Write(PeerFrame::kHello, hello.Encode(), "");
    const std::optional<Frame> frame = Read();
    return frame.has_value() ? Welcome::Parse(frame->payload.span())
                             : std::nullopt;
  }
  void Send(const MessagePrologue& prologue, absl::string_view text) {
    Write(PeerFrame::kMessage, prologue.Encode(), text);
  }
  // Nothing: the connection has ended, or nothing came.
  std::optional<Frame> Read() {
    Frame frame;
    while (reader_.Next(&frame) != FrameReader::Outcome::kFrame) {
      const absl::StatusOr<size_t> size =
          stream_->Read(reader_.Buffer(), Soon());
      if (!size.ok() || *size == 0) {
        end_ = size.ok() ? absl::OkStatus() : size.status();
        return std::nullopt;
      }
      reader_.Commit(*size);
    }
    return frame;
  }
  const absl::Status& end() const { return end_; }

 private:
  Instant Soon() const {
    return process_.network_executor().Now() + absl::Milliseconds(200);
  }
  void Write(PeerFrame kind, std::span<const std::byte> prologue,
             absl::string_view text) {
    FrameBatch batch;
    const runtime::Bytes piece = runtime::Bytes::Copy(text);
    batch.Add(static_cast<uint8_t>(kind), prologue, {&piece, 1});
    stream_->Write(batch.Spans(), Soon()).IgnoreError();
  }

  sim::Process& process_;
  FrameReader reader_;
  std::unique_ptr<Stream> stream_;
  absl::Status end_;
};

Hello GoodHello() {
  return {.version = PeerTransport::kProtocolVersion,
          .cluster = kCluster,
          .from = NodeId(2),
          .to = NodeId(1),
          .incarnation = Incarnation(7),
          .dial = 3,
          .link = 4242};
}

MessagePrologue GoodPrologue() {
  return {.link = 4242,
          .group = kGroup,
          .sender = Incarnation(7),
          .echo = Incarnation(1)};
}

class PeerHandshakeTest : public PeerWorld {
 protected:
  // The verdict of node 1 on `hello`, after `before` was welcomed.
  Verdict Judge(const Hello& hello, std::optional<Hello> before = {}) {
    Begin(2);
    Boot(1);
    std::optional<Welcome> welcome;
    BootRaw(2, [&](sim::Process& process) {
      std::optional<Stranger> first;
      if (before.has_value()) {
        first.emplace(process, AddressOf(1));
        EXPECT_EQ(first->Greet(*before)->verdict, Verdict::kWelcome);
      }
      Stranger stranger(process, AddressOf(1));
      welcome = stranger.Greet(hello);
    });
    Run(absl::Seconds(1));
    EXPECT_TRUE(welcome.has_value());
    EXPECT_EQ(Stats(1).handshakes_refused,
              welcome->verdict == Verdict::kWelcome ? 0u : 1u);
    EXPECT_EQ(welcome->link, hello.link);
    return welcome->verdict;
  }
};

TEST_F(PeerHandshakeTest, AMatchingPeerIsWelcomed) {
  EXPECT_EQ(Judge(GoodHello()), Verdict::kWelcome);
}

TEST_F(PeerHandshakeTest, AnotherVersionIsRefused) {
  Hello hello = GoodHello();
  hello.version = PeerTransport::kProtocolVersion + 1;
  EXPECT_EQ(Judge(hello), Verdict::kWrongVersion);
}

TEST_F(PeerHandshakeTest, AnotherClusterIsRefused) {
  Hello hello = GoodHello();
  hello.cluster = runtime::ClusterId(78);
  EXPECT_EQ(Judge(hello), Verdict::kWrongCluster);
}

TEST_F(PeerHandshakeTest, WhoLooksForAnotherNodeIsRefused) {
  Hello hello = GoodHello();
  hello.to = NodeId(9);
  EXPECT_EQ(Judge(hello), Verdict::kWrongNode);
}

TEST_F(PeerHandshakeTest, WhoClaimsToBeUsIsRefused) {
  Hello hello = GoodHello();
  hello.from = NodeId(1);
  EXPECT_EQ(Judge(hello), Verdict::kWrongNode);
}

TEST_F(PeerHandshakeTest, AnOlderLifeThanTheNewestIsRefused) {
  Hello older = GoodHello();
  older.incarnation = Incarnation(6);
  older.dial = 100;
  older.link = 1;
  EXPECT_EQ(Judge(older, GoodHello()), Verdict::kOldLife);
}

TEST_F(PeerHandshakeTest, AnOlderConnectionOfTheSameLifeIsRefused) {
  Hello older = GoodHello();
  older.dial = 2;
  older.link = 1;
  EXPECT_EQ(Judge(older, GoodHello()), Verdict::kOldDial);
}

TEST_F(PeerHandshakeTest, ANewerLifeIsWelcomedAndEndsTheOlder) {
  Begin(2);
  Boot(1);
  BootRaw(2, [&](sim::Process& process) {
    Stranger older(process, AddressOf(1));
    ASSERT_EQ(older.Greet(GoodHello())->verdict, Verdict::kWelcome);
    older.Send(GoodPrologue(), "of the older");
    process.network_executor().SleepFor(absl::Milliseconds(50)).IgnoreError();

    Hello hello = GoodHello();
    hello.incarnation = Incarnation(8);
    hello.dial = 1;
    hello.link = 1;
    Stranger newer(process, AddressOf(1));
    ASSERT_EQ(newer.Greet(hello)->verdict, Verdict::kWelcome);
    older.Send(GoodPrologue(), "too late");
    EXPECT_FALSE(older.Read().has_value());
    EXPECT_TRUE(absl::IsUnavailable(older.end())) << older.end();
    MessagePrologue prologue = GoodPrologue();
    prologue.link = 1;
    prologue.sender = Incarnation(8);
    newer.Send(prologue, "of the newer");
    process.network_executor().SleepFor(absl::Hours(1)).IgnoreError();
  });
  Run(absl::Seconds(1));
  ASSERT_EQ(Node(1).heard.size(), 2u);
  EXPECT_EQ(Node(1).heard[0].text, "of the older");
  EXPECT_EQ(Node(1).heard[0].sender, Incarnation(7));
  EXPECT_EQ(Node(1).heard[1].text, "of the newer");
  EXPECT_EQ(Node(1).heard[1].sender, Incarnation(8));
}

TEST_F(PeerHandshakeTest, NothingIsBelievedBeforeTheHandshakeOrByAGuess) {
  Begin(2);
  Boot(1);
  BootRaw(2, [&](sim::Process& process) {
    Stranger stranger(process, AddressOf(1));
    stranger.Send(GoodPrologue(), "before");
    ASSERT_EQ(stranger.Greet(GoodHello())->verdict, Verdict::kWelcome);
    MessagePrologue guess = GoodPrologue();
    guess.link = 4243;
    stranger.Send(guess, "by a guess");
    MessagePrologue other_life = GoodPrologue();
    other_life.sender = Incarnation(6);
    stranger.Send(other_life, "of another life");
    stranger.Send(GoodPrologue(), "good");
    process.network_executor().SleepFor(absl::Hours(1)).IgnoreError();
  });
  Run(absl::Seconds(1));
  ASSERT_EQ(Node(1).heard.size(), 1u);
  EXPECT_EQ(Node(1).heard[0].text, "good");
  EXPECT_EQ(Stats(1).frames_unexpected, 3u);
}

TEST_F(PeerHandshakeTest, ARepeatedHelloIsAnsweredAgain) {
  Begin(2);
  Boot(1);
  int welcomes = 0;
  BootRaw(2, [&](sim::Process& process) {
    Stranger stranger(process, AddressOf(1));
    for (int i = 0; i < 3; ++i) {
      const std::optional<Welcome> welcome = stranger.Greet(GoodHello());
      if (welcome.has_value() && welcome->verdict == Verdict::kWelcome) {
        ++welcomes;
      }
    }
  });
  Run(absl::Seconds(1));
  EXPECT_EQ(welcomes, 3);
  EXPECT_EQ(Stats(1).handshakes_refused, 0u);
}

TEST_F(PeerHandshakeTest, WhoSaysNothingIsLetGo) {
  Begin(2);
  Boot(1);
  bool ended = false;
  BootRaw(2, [&](sim::Process& process) {
    Stranger silent(process, AddressOf(1));
    process.network_executor().SleepFor(absl::Seconds(1)).IgnoreError();
    ended =
        !silent.Read().has_value() && !absl::IsDeadlineExceeded(silent.end());
  });
  Run(absl::Seconds(3));
  EXPECT_TRUE(ended);
}

TEST_F(PeerHandshakeTest, InboundConnectionsAreBounded) {
  Begin(2);
  Boot(1, {}, [](PeerTransportOptions& options) {
    options.inbound_connections_max = 3;
  });
  BootRaw(2, [&](sim::Process& process) {
    std::vector<absl::StatusOr<std::unique_ptr<Stream>>> crowd;
    for (int i = 0; i < 10; ++i) {
      crowd.push_back(process.network().Dial(
          AddressOf(1), Framing::kFrames,
          process.network_executor().Now() + absl::Milliseconds(200)));
    }
    process.network_executor().SleepFor(absl::Milliseconds(100)).IgnoreError();
  });
  Run(absl::Milliseconds(300));
  EXPECT_EQ(Stats(1).inbound_refused, 7u);
}

TEST_F(PeerHandshakeTest, APeerOfAnotherClusterNeverGetsOurMessages) {
  Begin(2);
  Boot(1, [](PeerNode& self) {
    for (int i = 0; i < 50; ++i) {
      self.Send(2, "secret");
      self.Sleep(absl::Milliseconds(100));
    }
  });
  Boot(2, {}, [](PeerTransportOptions& options) {
    options.cluster = runtime::ClusterId(78);
  });
  Run(absl::Seconds(5));
  EXPECT_TRUE(Node(2).heard.empty());
  EXPECT_GT(Stats(2).handshakes_refused, 1u);
  EXPECT_EQ(Stats(1).connects, 0u);
  EXPECT_GT(Stats(1).connect_failures, 1u);
  EXPECT_EQ(Stats(2).dropped_no_group, 0u);
}

}  // namespace
}  // namespace net
