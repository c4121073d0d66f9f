// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.kafka;

import dev.outboxrelay.threads.Errors;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.Map;
import org.apache.kafka.common.metrics.Metrics;
import org.apache.kafka.common.network.ChannelBuilder;
import org.apache.kafka.common.network.ChannelState;
import org.apache.kafka.common.network.NetworkReceive;
import org.apache.kafka.common.network.Selector;
import org.apache.kafka.common.utils.LogContext;
import org.apache.kafka.common.utils.Time;

/**
 * The library's sockets. Each connection is begun here, those to brokers that a cluster advertises
 * too, so here is where addresses are checked.
 */
final class WatchedSelector extends Selector {
  /** A cluster's description is the largest answer; a broker is not to fill the memory. */
  private static final int MAX_ANSWER_BYTES = 32 << 20;

  private final Gate gate;
  private final Nodes nodes;
  private final Rounds rounds;

  /** Says whether a connection may be made. */
  interface Gate {
    /**
     * @throws IOException why not, in words
     */
    void check(InetSocketAddress address) throws IOException;
  }

  /** Work of the library's thread, done between its own. */
  interface Rounds {
    /**
     * Before it waits.
     *
     * @return how long it may wait
     */
    long before(long millis);

    /** After it has waited. */
    void after();

    /** It has met what nobody expects, and cannot be relied on any more. */
    void died(String why);
  }

  WatchedSelector(
      long idleMillis,
      Metrics metrics,
      ChannelBuilder channels,
      Gate gate,
      Nodes nodes,
      Rounds rounds) {
    super(
        MAX_ANSWER_BYTES,
        idleMillis,
        metrics,
        Time.SYSTEM,
        "producer",
        Map.of(),
        false,
        channels,
        new LogContext());
    this.gate = gate;
    this.nodes = nodes;
    this.rounds = rounds;
  }

  @Override
  public void connect(String id, InetSocketAddress address, int sendBuffer, int receiveBuffer)
      throws IOException {
    nodes.tried(id, address.getHostString(), address.getPort());
    try {
      gate.check(address);
      super.connect(id, address, sendBuffer, receiveBuffer);
    } catch (IOException | RuntimeException e) {
      nodes.ended(id, KafkaFailure.words(e, address.getHostString()));
      throw e instanceof IOException known ? known : new IOException(e.getMessage(), e);
    }
  }

  @Override
  public void poll(long timeout) throws IOException {
    try {
      super.poll(rounds.before(timeout));
      for (NetworkReceive each : completedReceives()) {
        nodes.answered(each.source());
      }
      disconnected().forEach((id, state) -> nodes.ended(id, words(state)));
      rounds.after();
    } catch (RuntimeException | Error e) {
      Errors.report(e);
      rounds.died(Errors.words(e));
      throw e;
    }
  }

  private static String words(ChannelState state) {
    return switch (state.state()) {
      case NOT_CONNECTED -> "cannot be connected to";
      case AUTHENTICATE, AUTHENTICATION_FAILED ->
          "the connection ended before it could be used: other settings for TLS or login there?";
      default -> "the connection ended without an answer: are TLS or a login wanted there?";
    };
  }

  /** What the library gives up, such as when no answer comes in time. */
  @Override
  public void close(String id) {
    super.close(id);
    nodes.ended(id, "no answer in time");
  }
}
