// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.testing.Destinations;
import dev.outboxrelay.testing.Messages;
import dev.outboxrelay.testing.RecordedSink;
import dev.outboxrelay.testing.ScriptedPeer;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class LingeringTest {

  @Test
  void receiver_thatNeverCloses_getsEachMessageAndKeepsFewConnections() throws Exception {
    int messages = 200;
    Semaphore whole = new Semaphore(0);
    Semaphore never = new Semaphore(0);
    RecordedSink heard = new RecordedSink();
    try (ScriptedPeer peer =
            new ScriptedPeer(
                it -> {
                  it.say("hello");
                  if (it.in().readAllBytes().length == Messages.small(100).body().length) {
                    whole.release();
                  }
                  never.acquireUninterruptibly();
                });
        TcpTransport transport = new TcpTransport(1, AddressPolicy.ANY)) {
      transport
          .connect(
              Destinations.at("tcp://127.0.0.1:" + peer.port(), Framing.RAW, Ack.NONE, "{}"), heard)
          .send(Messages.range(100, 99 + messages));
      heard.awaitAnswers(messages);
      assertTrue(whole.tryAcquire(messages, 20, TimeUnit.SECONDS), () -> whole + " came");
      assertTrue(transport.lingering() <= Lingering.MAX_EACH, () -> transport.lingering() + "");
    } finally {
      never.release(messages);
    }
  }

  @Test
  void connections_beyondTheBoundOfADestination_closeItsOldest() {
    Lingering lingering = new Lingering();
    EmbeddedChannel others = added(lingering, "other");
    List<EmbeddedChannel> own = new ArrayList<>();
    for (int each = 0; each <= Lingering.MAX_EACH; each++) {
      own.add(added(lingering, "own"));
    }
    assertFalse(own.get(0).isOpen());
    assertTrue(own.get(1).isOpen() && others.isOpen());
    assertEquals(Lingering.MAX_EACH + 1, lingering.count());
  }

  @Test
  void connections_beyondTheBoundOfAll_closeTheOldest() {
    Lingering lingering = new Lingering();
    List<EmbeddedChannel> all = new ArrayList<>();
    for (int each = 0; each < Lingering.MAX_ALL + 3; each++) {
      all.add(added(lingering, "d" + each));
    }
    assertFalse(all.get(2).isOpen());
    assertTrue(all.get(3).isOpen());
    assertEquals(Lingering.MAX_ALL, lingering.count());
  }

  @Test
  void connection_thatTheReceiverCloses_isForgotten() {
    Lingering lingering = new Lingering();
    added(lingering, "d").close();
    assertEquals(0, lingering.count());
  }

  private static EmbeddedChannel added(Lingering lingering, String destination) {
    EmbeddedChannel channel = new EmbeddedChannel();
    lingering.add(destination, channel);
    return channel;
  }
}
