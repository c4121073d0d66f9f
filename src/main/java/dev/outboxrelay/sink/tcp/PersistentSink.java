// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import dev.outboxrelay.sink.Answer;
import dev.outboxrelay.sink.Sink;
import dev.outboxrelay.sink.SinkListener;
import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.threads.Errors;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import dev.outboxrelay.values.Message;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.EventLoop;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One connection that stays open: framing 'ndjson' or 'length', acknowledged line by line, or
 * ({@code ack} 'none') by the kernel having taken the bytes.
 *
 * <p>INVARIANT: every field that is not final is touched on the event loop only, and {@link #end}
 * is the only way out, so that the listener hears {@code closed} once and last.
 */
final class PersistentSink extends ChannelInboundHandlerAdapter implements Sink, DialOutcome {

  private static final Logger LOG = LoggerFactory.getLogger(PersistentSink.class);

  /** Far above any max_in_flight: reached only if answers stop for good on a living connection. */
  private static final int MAX_UNANSWERED = 500_000;

  private final String name;
  private final Ack ack;
  private final @Nullable Duration idleTimeout;
  private final EventLoop loop;
  private final ListenerGuard listener;
  private final Outgoing outgoing;
  private final AnswerParser parser = new AnswerParser();
  private final Unanswered unanswered = new Unanswered();
  private final Consumer<Message> sent = m -> unanswered.sent(m.id(), m.stamp());
  private final List<Answer> read = new ArrayList<>();
  private final TlsGreeting greeting = new TlsGreeting();

  private List<Answer> answers = new ArrayList<>();
  private @Nullable Channel channel;
  private boolean pumping;
  private boolean ended;
  private int unflushed;

  PersistentSink(
      String name,
      Framing framing,
      Ack ack,
      @Nullable Duration idleTimeout,
      EventLoop loop,
      SinkListener listener) {
    this.name = name;
    this.ack = ack;
    this.idleTimeout = idleTimeout;
    this.loop = loop;
    this.listener = new ListenerGuard(name, listener, this::broken);
    this.outgoing = new Outgoing(framing);
  }

  @Override
  public void send(List<Message> messages) {
    List<Message> batch = List.copyOf(messages);
    onLoop(() -> enqueue(batch));
  }

  @Override
  public void close(String reason) {
    onLoop(() -> end(reason, Fault.NONE));
  }

  private void onLoop(Runnable work) {
    try {
      loop.execute(() -> Defect.guard(work, this::broken));
    } catch (RejectedExecutionException e) {
      LOG.debug("{}: the transport is closed", name);
    }
  }

  @Override
  public void stood(Channel made, long roundTripNanos) {
    if (ended) {
      made.close();
      return;
    }
    channel = made;
    if (idleTimeout != null) {
      made.pipeline()
          .addLast(new IdleStateHandler(0, 0, idleTimeout.toMillis(), TimeUnit.MILLISECONDS));
    }
    made.pipeline().addLast(this);
    if (!made.isActive()) {
      end("the receiver closed the connection at once", Fault.LOST);
      return;
    }
    listener.connected();
    pump();
  }

  @Override
  public void failed(String reason) {
    end(reason, Fault.UNREACHABLE);
  }

  private void enqueue(List<Message> batch) {
    if (ended) {
      return;
    }
    outgoing.add(batch);
    pump();
  }

  /** Hands the socket what it can take; called again when it can take more. */
  private void pump() {
    if (pumping || ended || channel == null) {
      return;
    }
    pumping = true;
    try {
      while (!ended && !outgoing.isEmpty() && channel.isWritable()) {
        while (!outgoing.isEmpty() && channel.isWritable()) {
          writeNext(channel);
        }
        channel.flush();
      }
    } finally {
      pumping = false;
    }
  }

  private void writeNext(Channel to) {
    if (ack == Ack.NONE) {
      List<Answer> delivered = new ArrayList<>();
      ByteBuf buffer =
          outgoing.next(to.alloc(), m -> delivered.add(new Answer.Acked(m.id(), m.stamp())));
      unflushed += delivered.size();
      to.write(buffer)
          .addListener(
              future -> {
                if (future.isSuccess()) {
                  Defect.guard(() -> taken(delivered), this::broken);
                }
              });
      return;
    }
    to.write(outgoing.next(to.alloc(), sent), to.voidPromise());
    if (unanswered.count() > MAX_UNANSWERED) {
      end("more than " + MAX_UNANSWERED + " messages wait for an answer", Fault.LOST);
    }
  }

  private void taken(List<Answer> delivered) {
    unflushed -= delivered.size();
    if (!ended && !delivered.isEmpty()) {
      listener.answered(delivered);
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    pump();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ByteBuf in = (ByteBuf) message;
    try {
      if (ended) {
        return;
      }
      if (greeting.heard(in)) {
        end(TlsGreeting.REASON, Fault.UNREACHABLE);
        return;
      }
      if (ack == Ack.LINE) {
        parse(in);
      }
    } finally {
      in.release();
    }
  }

  private void parse(ByteBuf in) {
    ProtocolException malformed = null;
    try {
      parser.feed(in, read);
    } catch (ProtocolException e) {
      malformed = e;
    }
    try {
      for (Answer answer : read) {
        unanswered.answered(answer, answers);
      }
    } catch (ProtocolException e) {
      malformed = e;
    }
    read.clear();
    if (malformed != null) {
      report();
      end(malformed.getMessage(), Fault.PROTOCOL);
    }
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    report();
  }

  private void report() {
    if (!answers.isEmpty() && !ended) {
      List<Answer> all = answers;
      answers = new ArrayList<>(all.size());
      listener.answered(all);
    }
  }

  /** Nothing was written or read for the idle timeout: the relay connects again when it must. */
  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
    if (event instanceof IdleStateEvent && owed() == 0) {
      end("idle, closed until there is something to send", Fault.NONE);
    }
    super.userEventTriggered(context, event);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    report();
    int owed = owed();
    String inside = parser.insideLine() ? " in the middle of an answer" : "";
    if (owed > 0) {
      end("the receiver closed the connection" + inside + ", unanswered: " + owed, Fault.LOST);
    } else {
      end("the receiver closed the connection" + inside, Fault.NONE);
    }
  }

  private int owed() {
    return unanswered.count() + unflushed + outgoing.count();
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    report();
    String alert = TlsFailure.alert(cause);
    if (alert != null) {
      end(alert, greeting.anything() ? Fault.LOST : Fault.UNREACHABLE);
      return;
    }
    Errors.report(cause);
    if (Defect.is(cause)) {
      broken(cause);
      return;
    }
    end("the connection broke: " + cause.getMessage() + ", unanswered: " + owed(), Fault.LOST);
  }

  /** A fault of the relay's own: what the connection has missed is not known. */
  private void broken(Throwable problem) {
    end(Errors.words(problem), Fault.DEFECT);
    LOG.error("{}: the connection is closed after an error", name, problem);
  }

  private void end(String reason, Fault fault) {
    if (ended) {
      return;
    }
    ended = true;
    if (channel != null) {
      channel.close();
    }
    listener.closed(reason, fault);
  }
}
