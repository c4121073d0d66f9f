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
import io.netty.channel.Channel;
import io.netty.channel.EventLoop;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.RejectedExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A connection for each batch: {@code ack} 'close', where the receiver's close is what
 * acknowledges, and framing 'raw', where a batch is one message. To the relay it is one sink: what
 * is sent while a conversation goes on is the next batch, and a connection is made for it then.
 *
 * <p>One conversation at a time, so messages arrive in order. INVARIANT: every field that is not
 * final is touched on the event loop only, and {@link #end} is the only way out.
 */
final class ConversationSink implements Sink, DialOutcome, Conversation.Ending {

  private static final Logger LOG = LoggerFactory.getLogger(ConversationSink.class);

  private final String name;
  private final Framing framing;
  private final Ack ack;
  private final Route route;
  private final Dialer dialer;
  private final Lingering lingering;
  private final Patience patience;
  private final EventLoop loop;
  private final ListenerGuard listener;
  private final ArrayDeque<Message> waiting = new ArrayDeque<>();

  private @Nullable Conversation conversation;
  private boolean dialing;
  private boolean told;
  private boolean proven;
  private boolean ended;

  ConversationSink(
      String name,
      Framing framing,
      Ack ack,
      Route route,
      Dialer dialer,
      Lingering lingering,
      Patience patience,
      EventLoop loop,
      SinkListener listener) {
    this.name = name;
    this.framing = framing;
    this.ack = ack;
    this.route = route;
    this.dialer = dialer;
    this.lingering = lingering;
    this.patience = patience;
    this.loop = loop;
    this.listener = new ListenerGuard(name, listener, this::broken);
  }

  @Override
  public void send(List<Message> messages) {
    List<Message> batch = List.copyOf(messages);
    onLoop(
        () -> {
          if (!ended) {
            waiting.addAll(batch);
            pump();
          }
        });
  }

  @Override
  public void close(String reason) {
    onLoop(() -> end(reason, Fault.NONE));
  }

  /** The first connection is made at once, so that the relay hears whether it can be. */
  void open() {
    onLoop(this::dial);
  }

  private void onLoop(Runnable work) {
    try {
      loop.execute(() -> Defect.guard(work, this::broken));
    } catch (RejectedExecutionException e) {
      LOG.debug("{}: the transport is closed", name);
    }
  }

  private void dial() {
    if (ended || dialing) {
      return;
    }
    dialing = true;
    try {
      dialer.dial(route, loop, this);
    } catch (RejectedExecutionException e) {
      LOG.debug("{}: the transport is closed", name);
    }
  }

  @Override
  public void stood(Channel channel, long roundTripNanos) {
    dialing = false;
    if (ended) {
      channel.close();
      return;
    }
    Duration kept = proven ? patience.later() : patience.first();
    conversation = new Conversation(framing, ack, roundTripNanos + kept.toNanos(), this);
    channel.pipeline().addLast(conversation);
    if (!told) {
      told = true;
      listener.connected();
    }
    if (channel.isActive()) {
      pump();
    } else {
      end("the receiver closed the connection at once", Fault.LOST);
    }
  }

  @Override
  public void failed(String reason) {
    dialing = false;
    end(reason, Fault.UNREACHABLE);
  }

  private void pump() {
    if (ended || waiting.isEmpty() || dialing) {
      return;
    }
    if (conversation == null) {
      dial();
    } else if (!conversation.isBusy()) {
      int count = framing == Framing.RAW ? 1 : waiting.size();
      List<Message> batch = new ArrayList<>(count);
      for (int each = 0; each < count; each++) {
        batch.add(waiting.remove());
      }
      conversation.begin(batch);
    }
  }

  @Override
  public void delivered(List<Message> batch) {
    conversation = null;
    proven = true;
    if (ended) {
      return;
    }
    List<Answer> answers = new ArrayList<>(batch.size());
    for (Message message : batch) {
      answers.add(new Answer.Acked(message.id(), message.stamp()));
    }
    listener.answered(answers);
    pump();
  }

  @Override
  public void lingers(Channel channel) {
    lingering.add(name, channel);
  }

  @Override
  public void refusedAfterwards(String reason) {
    end(reason, Fault.UNREACHABLE);
  }

  @Override
  public void closedUnused() {
    conversation = null;
    if (waiting.isEmpty()) {
      end("the receiver closed the connection", Fault.NONE);
    } else {
      pump();
    }
  }

  @Override
  public void lost(String reason, Fault fault) {
    conversation = null;
    end(reason, fault);
  }

  /** A fault of the relay's own: what the connection has missed is not known. */
  @Override
  public void broken(Throwable problem) {
    end(Errors.words(problem), Fault.DEFECT);
    LOG.error("{}: the connection is closed after an error", name, problem);
  }

  private void end(String reason, Fault fault) {
    if (ended) {
      return;
    }
    ended = true;
    if (conversation != null) {
      conversation.abort();
    }
    waiting.clear();
    listener.closed(reason, fault);
  }
}
