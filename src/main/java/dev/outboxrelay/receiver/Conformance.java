package dev.outboxrelay.receiver;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.sink.Transport;
import dev.outboxrelay.sink.tcp.TcpTransport;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Message;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Plays the relay towards somebody's receiver and goes through the checklist of docs/protocol.md.
 * The messages name the schema {@code outbox_check}, so that a receiver can tell them from real
 * ones.
 */
public final class Conformance {

  private static final int MANY = 1_000;
  private static final int LARGE_BYTES = 1024 * 1024;
  private static final Duration QUIET = Duration.ofSeconds(2);

  private final Transport transport;
  private final Destination destination;
  private final Duration patience;
  private final CheckMessages messages;
  private final Consumer<CheckResult> each;
  private final List<CheckResult> results = new ArrayList<>();

  private Conformance(
      Transport transport, Destination destination, Duration patience, Consumer<CheckResult> each) {
    this.transport = transport;
    this.destination = destination;
    this.patience = patience;
    this.messages = new CheckMessages(destination.format());
    this.each = each;
  }

  /**
   * Checks a receiver.
   *
   * @param destination where it listens, and what it was written for
   * @param patience how long an answer may take
   * @param each hears of every line of the list as soon as it is decided
   * @return the whole list
   */
  public static List<CheckResult> check(
      Destination destination, Duration patience, Consumer<CheckResult> each) {
    try (TcpTransport transport = new TcpTransport(1, AddressPolicy.ANY)) {
      return new Conformance(transport, destination, patience, each).run();
    }
  }

  private List<CheckResult> run() {
    try {
      if (!item("connects", this::connects)) {
        return results;
      }
      item("every-operation", () -> answers(messages.everyOperation()));
      item("unusual-text", () -> answers(List.of(messages.unusualText())));
      item("unknown-members", () -> answers(List.of(messages.unknownMember())));
      item("large-message", () -> answers(List.of(messages.large(LARGE_BYTES))));
      item("pipelining", () -> answers(messages.many(MANY)));
      item("repeated-message", this::repeated);
      item("quiet-connection", this::quiet);
      item("new-epoch", () -> answers(List.of(messages.ofNextEpoch())));
      item("connection-cut", this::cut);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return results;
  }

  private interface Step {
    String play() throws InterruptedException, Exchange.Failed;
  }

  private boolean item(String name, Step step) throws InterruptedException {
    CheckResult result;
    try {
      result = new CheckResult(name, true, step.play());
    } catch (Exchange.Failed e) {
      result = new CheckResult(name, false, String.valueOf(e.getMessage()));
    }
    results.add(result);
    each.accept(result);
    return result.passed();
  }

  private String connects() throws InterruptedException, Exchange.Failed {
    try (Exchange exchange = open()) {
      exchange.awaitConnected();
      return destination.uri();
    }
  }

  private Exchange open() {
    return new Exchange(transport, destination, patience);
  }

  private String answers(List<Message> sent) throws InterruptedException, Exchange.Failed {
    try (Exchange exchange = open()) {
      exchange.send(sent);
      return summary(exchange.awaitAnswers(sent.size()));
    }
  }

  private String repeated() throws InterruptedException, Exchange.Failed {
    List<Message> once = messages.many(3);
    answers(once);
    return answers(once) + " when sent again";
  }

  /** A connection on which nothing is said for a while must still serve afterwards. */
  private String quiet() throws InterruptedException, Exchange.Failed {
    try (Exchange exchange = open()) {
      exchange.awaitConnected();
      boolean closed = exchange.closedWithin(QUIET);
      if (closed && destination.ack() != Ack.CLOSE && exchange.fault() != Fault.NONE) {
        throw new Exchange.Failed("a quiet connection ended: " + exchange.reason());
      }
      if (closed) {
        return "closed when quiet, which is allowed";
      }
      exchange.send(messages.many(1));
      return summary(exchange.awaitAnswers(1)) + " after " + QUIET.toSeconds() + " s of silence";
    }
  }

  /** The relay may go at any moment, with answers unread; the receiver must serve the next. */
  private String cut() throws InterruptedException, Exchange.Failed {
    try (Exchange exchange = open()) {
      exchange.awaitConnected();
      exchange.send(messages.many(MANY));
    }
    return answers(messages.many(1)) + " after a connection was cut";
  }

  private static String summary(List<Answer> answers) {
    long refused = answers.stream().filter(Answer.Nacked.class::isInstance).count();
    String acknowledged = (answers.size() - refused) + " acknowledged";
    return refused == 0 ? acknowledged : acknowledged + ", " + refused + " refused";
  }
}
