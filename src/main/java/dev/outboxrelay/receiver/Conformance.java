// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

import dev.outboxrelay.sink.AddressPolicy;
import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.sink.tcp.TcpTransport;
import dev.outboxrelay.values.Destination;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Message;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * Plays the relay towards somebody's receiver and goes through the checklist of
 * docs/reference/protocol.md. The messages name the schema {@code outbox_check}, so that a receiver
 * can tell them from real ones.
 */
public final class Conformance {

  private static final int LARGE_BYTES = 1024 * 1024;
  private static final Duration QUIET = Duration.ofSeconds(2);

  private final CheckedReceiver receiver;
  private final CheckMessages messages;
  private final StreamChecks stream;
  private final Consumer<CheckResult> each;
  private final List<CheckResult> results = new ArrayList<>();
  private boolean failed;
  private boolean gone;

  private Conformance(CheckedReceiver receiver, Consumer<CheckResult> each) {
    this.receiver = receiver;
    this.messages = new CheckMessages(receiver.destination().format());
    this.stream = new StreamChecks(receiver, messages);
    this.each = each;
  }

  /**
   * Checks a receiver.
   *
   * @param destination where it listens, and what it was written for
   * @param patience how long an answer may take
   * @param each hears of every line of the list as soon as it is decided
   * @return the whole list; one line when nobody is there
   */
  public static List<CheckResult> check(
      Destination destination, Duration patience, Consumer<CheckResult> each) {
    return check(destination, patience, List.of(CheckItem.values()), each);
  }

  static List<CheckResult> check(
      Destination destination,
      Duration patience,
      List<CheckItem> items,
      Consumer<CheckResult> each) {
    try (TcpTransport transport = new TcpTransport(1, AddressPolicy.ANY)) {
      return new Conformance(new CheckedReceiver(transport, destination, patience), each)
          .run(items);
    }
  }

  private List<CheckResult> run(List<CheckItem> items) {
    try {
      for (CheckItem item : items) {
        go(item);
        if (item == CheckItem.CONNECTS && failed) {
          break;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return results;
  }

  private void go(CheckItem item) throws InterruptedException {
    gone = gone || failed && !isThere();
    failed = false;
    CheckResult result;
    if (gone) {
      result = new CheckResult(item.title(), false, "not tried: nobody listens there any more");
    } else {
      try {
        result = new CheckResult(item.title(), true, play(item));
      } catch (CheckFailed e) {
        result = new CheckResult(item.title(), false, e.getMessage() + ". " + item.advice());
        failed = true;
      }
    }
    results.add(result);
    each.accept(result);
  }

  private String play(CheckItem item) throws InterruptedException, CheckFailed {
    return switch (item) {
      case CONNECTS -> connects();
      case EVERY_OPERATION -> answers(messages.everyOperation());
      case UNUSUAL_TEXT -> answers(List.of(messages.unusualText()));
      case KEYS -> answers(messages.keys());
      case LINE_SEPARATORS -> answers(List.of(messages.lineSeparators()));
      case NUMBERS -> answers(List.of(messages.numbers()));
      case ESCAPES -> answers(List.of(messages.escapes()));
      case NESTED_JSON -> answers(List.of(messages.nestedJson()));
      case UNKNOWN_MEMBERS -> answers(List.of(messages.unknownMembers()));
      case LARGE_MESSAGE -> answers(List.of(messages.large(LARGE_BYTES)));
      case SPLIT_MESSAGE -> stream.split();
      case BYTE_BY_BYTE -> stream.byteByByte();
      case PIPELINING -> answers(messages.many(inFlight()));
      case LATE_READING -> stream.lateReading(inFlight());
      case REPEATED_MESSAGE -> repeated();
      case QUIET_CONNECTION -> quiet();
      case NEW_EPOCH -> answers(List.of(messages.ofNextEpoch()));
      case TWO_CONNECTIONS -> stream.twoConnections();
      case EMPTY_CONNECTION -> stream.emptyConnections();
      case END_OF_STREAM -> stream.endOfStream();
      case CONNECTION_CUT -> stream.cut(inFlight());
      case RESET_INSIDE_MESSAGE -> stream.resetInsideMessage();
      case HALF_A_MESSAGE -> stream.half();
    };
  }

  /** After a failed item: a receiver that has died may be started again by what watches it. */
  private boolean isThere() throws InterruptedException {
    long deadline = System.nanoTime() + receiver.patience().toNanos();
    do {
      try {
        connects();
        return true;
      } catch (CheckFailed e) {
        Thread.sleep(100);
      }
    } while (System.nanoTime() < deadline);
    return false;
  }

  private String connects() throws InterruptedException, CheckFailed {
    try (Exchange exchange = receiver.open()) {
      exchange.awaitConnected();
      return receiver.destination().uri();
    }
  }

  private String answers(List<Message> sent) throws InterruptedException, CheckFailed {
    return summary(receiver.answers(sent));
  }

  /** As many as the relay may have sent and unanswered. */
  private int inFlight() {
    return receiver.destination().maxInFlight();
  }

  private String repeated() throws InterruptedException, CheckFailed {
    List<Message> once = messages.many(3);
    answers(once);
    return answers(once) + " when sent again";
  }

  /** A connection on which nothing is said for a while must still serve afterwards. */
  private String quiet() throws InterruptedException, CheckFailed {
    try (Exchange exchange = receiver.open()) {
      exchange.awaitConnected();
      boolean closed = exchange.closedWithin(QUIET);
      if (closed && receiver.ack() != Ack.CLOSE && exchange.fault() != Fault.NONE) {
        throw new CheckFailed("a quiet connection ended: " + exchange.reason());
      }
      if (closed) {
        return "closed when quiet, which is allowed";
      }
      exchange.send(messages.many(1));
      return summary(exchange.awaitAnswers(1)) + " after " + QUIET.toSeconds() + " s of silence";
    }
  }

  private static String summary(List<Answer> answers) {
    long refused = answers.stream().filter(Answer.Nacked.class::isInstance).count();
    String acknowledged = (answers.size() - refused) + " acknowledged";
    return refused == 0 ? acknowledged : acknowledged + ", " + refused + " refused";
  }
}
