// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.outboxrelay.receiver.LineConsumer;
import dev.outboxrelay.receiver.Receiver;
import dev.outboxrelay.receiver.ReceiverOptions;
import dev.outboxrelay.receiver.Refusal;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * The other side: a receiver that enters what arrives into the ledger, prints it, and refuses the
 * orders of one customer the first few times. Can be taken away and brought back on the same port.
 *
 * <p>Threads: {@link #line} runs on the receiver's one thread, the rest on the demo's.
 */
final class Inbox implements LineConsumer, AutoCloseable {
  /** Whose orders are refused at first. */
  static final String UNKNOWN_CUSTOMER = "Mallory";

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Refusal REFUSAL =
      Refusal.matching(Pattern.compile("."), "no such customer: " + UNKNOWN_CUSTOMER);

  private final Ledger ledger;
  private final Story story;
  private final int refusedTimes;
  private final Map<String, Integer> refusals = new HashMap<>();
  private volatile boolean printing = true;
  private volatile @Nullable Receiver receiver;
  private int port;

  /**
   * @param refusedTimes how often an order of the unknown customer is refused before it is accepted
   */
  Inbox(Ledger ledger, Story story, int refusedTimes) {
    this.ledger = ledger;
    this.story = story;
    this.refusedTimes = refusedTimes;
  }

  /** Starts to listen; the second time on the same port as the first. */
  int open() {
    try {
      Receiver opened = Receiver.start(ReceiverOptions.DEFAULTS.withPort(port), this);
      port = opened.port();
      receiver = opened;
      return port;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whether arrivals are printed one by one. */
  void print(boolean on) {
    printing = on;
  }

  @Override
  public void line(byte[] line) {
    long now = System.nanoTime();
    Receiver current = receiver;
    try {
      JsonNode message = JSON.readTree(line);
      boolean refused = isRefused(message);
      if (current != null) {
        current.refuse(refused ? REFUSAL : null);
      }
      arrived(message, new String(line, StandardCharsets.UTF_8), refused, now);
    } catch (IOException e) {
      throw new UncheckedIOException("the relay sent what is no JSON", e);
    }
  }

  private boolean isRefused(JsonNode message) {
    if (!message.path("new").path("customer").asText().equals(UNKNOWN_CUSTOMER)) {
      return false;
    }
    return refusals.merge(message.path("id").asText(), 1, Integer::sum) <= refusedTimes;
  }

  private void arrived(JsonNode message, String line, boolean refused, long nanos) {
    if (refused) {
      story.arrival("refused", line);
      return;
    }
    JsonNode row = message.path(message.path("new").isObject() ? "new" : "old");
    String change =
        new Shop.Change(
                message.path("op").asText(),
                message.path("key").asInt(),
                row.path("status").asText())
            .text();
    // Printed first: whoever waits for the arrival goes on when it is entered.
    if (printing) {
      double millis = ledger.millisSinceCommit(change, nanos);
      story.arrival(
          Double.isNaN(millis) ? "" : String.format(Locale.ROOT, "%.1f ms", millis), line);
    }
    ledger.accepted(change, nanos);
  }

  @Override
  public void close() {
    Receiver current = receiver;
    if (current != null) {
      receiver = null;
      current.close();
    }
  }
}
