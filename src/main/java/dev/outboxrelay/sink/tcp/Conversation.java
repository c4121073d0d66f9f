package dev.outboxrelay.sink.tcp;

import dev.outboxrelay.sink.SinkListener.Fault;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import dev.outboxrelay.values.Message;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslCloseCompletionEvent;
import io.netty.handler.ssl.SslHandler;
import io.netty.util.ReferenceCountUtil;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One connection that carries one batch: everything is written, the relay's side is closed, and the
 * receiver's close is awaited. What the receiver says is thrown away.
 *
 * <p>With {@code ack} 'none' the batch is delivered once the kernel has it; the connection then
 * lingers for a while, because a close with something unread would reset it and could take the
 * message back out of the receiver's hands.
 */
final class Conversation extends ChannelInboundHandlerAdapter {

  private static final int LINGER_SECONDS = 10;

  private final Framing framing;
  private final Ack ack;
  private final Ending ending;

  private @Nullable ChannelHandlerContext context;
  private @Nullable Outgoing outgoing;
  private List<Message> batch = List.of();
  private boolean pumping;
  private boolean written;
  private boolean tlsCut;
  private boolean over;

  Conversation(Framing framing, Ack ack, Ending ending) {
    this.framing = framing;
    this.ack = ack;
    this.ending = ending;
  }

  /** Hears how a conversation ended; called on the event loop, once. */
  interface Ending {
    void delivered(List<Message> batch);

    /** The receiver closed before anything was said. */
    void closedUnused();

    void lost(String reason, Fault fault);
  }

  @Override
  public void handlerAdded(ChannelHandlerContext context) {
    this.context = context;
  }

  boolean isBusy() {
    return outgoing != null;
  }

  void begin(List<Message> messages) {
    batch = messages;
    outgoing = new Outgoing(framing);
    outgoing.add(messages);
    pump();
  }

  /** Closes without telling. */
  void abort() {
    over = true;
    if (context != null) {
      context.close();
    }
  }

  private void pump() {
    if (pumping || over || written || context == null || outgoing == null) {
      return;
    }
    pumping = true;
    try {
      Channel channel = context.channel();
      while (!over && !written && channel.isWritable()) {
        ChannelFuture last = null;
        while (!outgoing.isEmpty() && channel.isWritable()) {
          last = context.write(outgoing.next(context.alloc(), id -> {}));
        }
        if (outgoing.isEmpty() && last != null) {
          written = true;
          last.addListener(future -> allWritten(future.isSuccess()));
        }
        context.flush();
        if (last == null) {
          return;
        }
      }
    } finally {
      pumping = false;
    }
  }

  private void allWritten(boolean success) {
    if (over || !success || context == null) {
      return;
    }
    closeOutput(context);
    if (ack == Ack.NONE) {
      over = true;
      Channel channel = context.channel();
      context.executor().schedule(() -> channel.close(), LINGER_SECONDS, TimeUnit.SECONDS);
      ending.delivered(batch);
    }
  }

  private static void closeOutput(ChannelHandlerContext context) {
    SslHandler tls = context.pipeline().get(SslHandler.class);
    if (tls != null) {
      tls.closeOutbound();
    } else {
      ((DuplexChannel) context.channel()).shutdownOutput();
    }
  }

  @Override
  public void channelWritabilityChanged(ChannelHandlerContext context) {
    pump();
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    ReferenceCountUtil.release(message);
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
    if (event instanceof SslCloseCompletionEvent close) {
      tlsCut = !close.isSuccess();
    }
    super.userEventTriggered(context, event);
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    if (over) {
      return;
    }
    over = true;
    if (outgoing == null) {
      ending.closedUnused();
    } else if (!written) {
      ending.lost(
          "the receiver closed the connection before it had all of a batch of " + batch.size(),
          Fault.LOST);
    } else if (tlsCut) {
      ending.lost("the receiver cut the connection without closing TLS", Fault.LOST);
    } else {
      ending.delivered(batch);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    context.close();
    if (over) {
      return;
    }
    over = true;
    String alert = TlsFailure.alert(cause);
    if (alert != null) {
      ending.lost(alert, Fault.UNREACHABLE);
    } else if (outgoing == null) {
      ending.closedUnused();
    } else {
      ending.lost(
          "the connection broke: " + cause.getMessage() + ", unanswered: " + batch.size(),
          Fault.LOST);
    }
  }
}
