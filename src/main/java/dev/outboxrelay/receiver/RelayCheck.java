// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

import dev.outboxrelay.receiver.CheckDialogue.Dry;
import dev.outboxrelay.receiver.CheckDialogue.Failed;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Format;
import dev.outboxrelay.values.WireId;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.Consumer;

/**
 * A receiver that checks whoever sends to it against docs/reference/protocol.md: reads every
 * message strictly, gives every kind of answer there is, and looks at what the relay makes of it. A
 * receiver's author sees here what a receiver may say and what comes of it.
 */
public final class RelayCheck implements Closeable {

  static final String WELL_FORMED = "well-formed";
  static final String FRAMING = "framing";
  static final String KEY_ORDER = "key-order";
  static final String EPOCH = "epoch";
  static final String ACKNOWLEDGED = "acknowledged";

  private static final Duration QUIET = Duration.ofMillis(500);
  private static final Duration RETRY_AFTER = Duration.ofMillis(1500);

  /** The relay's clock for this is the database's. */
  private static final Duration CLOCKS = Duration.ofMillis(50);

  private static final String NEVER_SENT = new WireId(Long.MAX_VALUE, Long.MAX_VALUE).toString();

  private final CheckConnections connections;
  private final Ack ack;
  private final DeliveryRules deliveries;
  private final CheckDialogue relay;
  private final Consumer<CheckResult> each;
  private final List<CheckResult> results = new ArrayList<>();

  /** The batch that completed what a reset had taken back; not closed yet. */
  private List<CheckedMessage> afterReset = List.of();

  private boolean dry;

  private RelayCheck(
      ReceiverOptions options, Format format, Duration patience, Consumer<CheckResult> each)
      throws IOException {
    this.ack = options.ack();
    this.each = each;
    this.connections = new CheckConnections(options.host(), options.port(), options.framing());
    this.deliveries = new DeliveryRules(ack);
    this.relay =
        new CheckDialogue(connections, new MessageRules(format), deliveries, ack, patience);
  }

  /**
   * Starts to listen.
   *
   * @param options host, port, framing and ack count here
   * @param patience how long the relay may take for each item
   * @param each hears of every line of the list as soon as it is decided
   * @throws IOException when the port cannot be listened on
   */
  public static RelayCheck listen(
      ReceiverOptions options, Format format, Duration patience, Consumer<CheckResult> each)
      throws IOException {
    return new RelayCheck(options, format, patience, each);
  }

  /** The port that is listened on. */
  public int port() {
    return connections.port();
  }

  /** Goes through the list; needs some fifty messages of different keys. */
  public List<CheckResult> run() throws InterruptedException {
    switch (ack) {
      case LINE -> lines();
      case CLOSE -> closes();
      case NONE -> item("arrives", this::arrives);
    }
    drain();
    rule(WELL_FORMED, relay.count() + " messages");
    rule(FRAMING, "nothing between the messages, none cut off");
    rule(KEY_ORDER, deliveries.gates() + " keys");
    rule(EPOCH, "" + deliveries.epoch());
    rule(
        ACKNOWLEDGED,
        deliveries.different() + " different messages, " + deliveries.repeats() + " repeats");
    return List.copyOf(results);
  }

  private void lines() throws InterruptedException {
    item("ack", this::answered);
    item("ack-up-to", this::upTo);
    item("any-order", this::anyOrder);
    item("lenient", this::lenient);
    item("nack", this::nack);
    item("retry-after", this::retryAfter);
    item("malformed-answer", () -> refused("ok\n"));
    item("unknown-id", () -> refused("{\"ack\":\"" + NEVER_SENT + "\"}\n"));
    item("other-change", this::otherChange);
    item("connection-cut", () -> cutAfter(""));
    item("half-an-answer", () -> cutAfter("{\"ack\":\""));
  }

  private void closes() throws InterruptedException {
    // In this order one batch is enough for both: what was reset comes again.
    item("reset", this::reset);
    item("close", this::closed);
  }

  private String closed() throws InterruptedException, Failed {
    List<CheckedMessage> batch = afterReset.isEmpty() ? relay.takeBatch() : afterReset;
    relay.closeBatch(batch);
    return "a batch of " + batch.size();
  }

  private interface Step {
    String play() throws InterruptedException, Failed;
  }

  private void item(String name, Step step) throws InterruptedException {
    if (dry) {
      add(new CheckResult(name, false, "not tried: no more messages came"));
      return;
    }
    try {
      add(new CheckResult(name, true, step.play()));
    } catch (Failed e) {
      dry = e instanceof Dry;
      add(new CheckResult(name, false, String.valueOf(e.getMessage())));
    }
  }

  private void rule(String name, String seen) {
    String problem = deliveries.problem(name);
    if (relay.count() == 0) {
      add(new CheckResult(name, false, "no message was seen"));
    } else {
      add(new CheckResult(name, problem == null, problem == null ? seen : problem));
    }
  }

  private void add(CheckResult result) {
    results.add(result);
    each.accept(result);
  }

  private String arrives() throws InterruptedException, Failed {
    if (!relay.hear(relay.deadline())) {
      throw new Dry("no message came within " + relay.patience());
    }
    return "nothing is answered";
  }

  private String answered() throws InterruptedException, Failed {
    CheckedMessage message = relay.take();
    relay.acknowledge(message);
    return "message " + message.id();
  }

  private String upTo() throws InterruptedException, Failed {
    List<CheckedMessage> two = relay.takeTwo();
    relay.say(two.get(1), "{\"ack_up_to\":\"" + two.get(1).id() + "\"}\n");
    two.forEach(relay::settled);
    return goesOn(two.get(1));
  }

  private String anyOrder() throws InterruptedException, Failed {
    List<CheckedMessage> two = relay.takeTwo();
    relay.acknowledge(two.get(1));
    relay.acknowledge(two.get(0));
    return goesOn(two.get(1));
  }

  /** An answer as a receiver may write it, and few do. */
  private String lenient() throws InterruptedException, Failed {
    CheckedMessage message = relay.take();
    String escaped =
        String.format(Locale.ROOT, "\\u%04x", (int) message.id().charAt(0))
            + message.id().substring(1);
    relay.say(message, "\r\n\n { \"note\" : [1], \"ack\" : \"" + escaped + "\" }\r\n");
    relay.settled(message);
    return goesOn(message);
  }

  private String goesOn(CheckedMessage message) throws InterruptedException, Failed {
    if (relay.endsBefore(message.connection(), System.nanoTime() + QUIET.toNanos())) {
      throw new Failed("the relay ended the connection");
    }
    return "message " + message.id() + ", the connection stands";
  }

  private String nack() throws InterruptedException, Failed {
    CheckedMessage message = relay.take();
    relay.say(message, "{\"nack\":\"" + message.id() + "\",\"reason\":\"a check\"}\n");
    CheckedMessage again = relay.again(message);
    relay.acknowledge(again);
    if (!again.content().equals(message.content())) {
      throw new Failed("message " + message.id() + " came again with other content");
    }
    if (again.attempt() != message.attempt() + 1) {
      throw new Failed(
          "attempt was " + message.attempt() + ", and " + again.attempt() + " after a nack");
    }
    return "message " + message.id() + " came again as attempt " + again.attempt();
  }

  private String retryAfter() throws InterruptedException, Failed {
    CheckedMessage message = relay.take();
    long asked = System.nanoTime();
    relay.say(
        message,
        "{\"nack\":\"" + message.id() + "\",\"retry_after_ms\":" + RETRY_AFTER.toMillis() + "}\n");
    CheckedMessage again = relay.again(message);
    relay.acknowledge(again);
    Duration after = Duration.ofNanos(again.arrived().atNanos() - asked);
    if (after.compareTo(RETRY_AFTER.minus(CLOCKS)) < 0) {
      throw new Failed(
          "asked for " + RETRY_AFTER.toMillis() + " ms, it came after " + after.toMillis() + " ms");
    }
    return "message " + message.id() + " came again after " + after.toMillis() + " ms";
  }

  private String cutAfter(String words) throws InterruptedException, Failed {
    CheckedMessage message = relay.take();
    relay.say(message, words.isEmpty() ? "" : words + message.id() + "\"");
    relay.cut(message, false);
    relay.acknowledge(relay.again(message));
    return "message " + message.id() + " came again on another connection";
  }

  private String refused(String answer) throws InterruptedException, Failed {
    return refused(relay.take(), answer);
  }

  private String refused(CheckedMessage message, String answer)
      throws InterruptedException, Failed {
    relay.say(message, answer);
    if (!relay.endsBefore(message.connection(), relay.deadline())) {
      throw new Failed("the relay went on after " + answer.strip());
    }
    relay.acknowledge(relay.again(message));
    return "the relay ended the connection, message " + message.id() + " came again";
  }

  /** The number is in flight, and names another change. */
  private String otherChange() throws InterruptedException, Failed {
    CheckedMessage message = relay.take();
    WireId id = WireId.parse(message.id());
    if (id == null) {
      throw new Failed("message " + message.id() + " has another kind of id");
    }
    WireId other = new WireId(id.id(), id.stamp() + 1);
    return refused(message, "{\"ack\":\"" + other + "\"}\n");
  }

  private String reset() throws InterruptedException, Failed {
    List<CheckedMessage> batch = relay.takeBatch();
    relay.cut(batch.get(0), true);
    Set<String> owed = new HashSet<>();
    batch.forEach(message -> owed.add(identity(message)));
    long deadline = relay.deadline();
    while (!owed.isEmpty()) {
      if (System.nanoTime() > deadline) {
        throw new Failed(owed.size() + " of a batch that was reset did not come again");
      }
      List<CheckedMessage> next = relay.takeBatch();
      next.forEach(message -> owed.remove(identity(message)));
      if (owed.isEmpty()) {
        afterReset = next;
      } else {
        relay.closeBatch(next);
      }
    }
    return "a batch of " + batch.size() + " came again";
  }

  /** A payload has no id, but its bytes. */
  private static String identity(CheckedMessage message) {
    return message.id().isEmpty()
        ? new String(message.arrived().body(), StandardCharsets.UTF_8)
        : message.id();
  }

  /** Acknowledges what still comes, until nothing has come for a while. */
  private void drain() throws InterruptedException {
    long enough = relay.deadline();
    do {
      relay.settleAll();
    } while (System.nanoTime() < enough && relay.hear(System.nanoTime() + QUIET.toNanos()));
  }

  @Override
  public void close() throws IOException {
    connections.close();
  }
}
