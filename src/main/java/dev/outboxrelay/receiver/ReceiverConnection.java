// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

import com.fasterxml.jackson.core.io.JsonStringEncoder;
import dev.outboxrelay.values.Destination.Ack;
import dev.outboxrelay.values.Destination.Framing;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.ChannelInputShutdownEvent;
import io.netty.handler.codec.ByteToMessageDecoder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** One relay's connection to a {@link Receiver}. Answers are written once for all that was read. */
final class ReceiverConnection extends ByteToMessageDecoder {

  private static final Logger LOG = LoggerFactory.getLogger(ReceiverConnection.class);
  private static final int MAX_MESSAGE_BYTES = Integer.MAX_VALUE - 16;
  private static final int FIRST_ANSWER_BYTES = 16 * 1024;
  private static final byte[] ACK = "{\"ack\":\"".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] NACK = "{\"nack\":\"".getBytes(StandardCharsets.US_ASCII);
  private static final byte[] END = "\"}\n".getBytes(StandardCharsets.US_ASCII);

  private final ReceiverOptions options;
  private final LineConsumer consumer;
  private final Tally tally;
  private final Supplier<@Nullable Refusal> refusal;

  private ByteBuf answers = Unpooled.EMPTY_BUFFER;
  private int scanned;
  private int answered;
  private boolean refusing;
  private boolean done;

  ReceiverConnection(
      ReceiverOptions options,
      LineConsumer consumer,
      Tally tally,
      Supplier<@Nullable Refusal> refusal) {
    this.options = options;
    this.consumer = consumer;
    this.tally = tally;
    this.refusal = refusal;
  }

  @Override
  protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
    if (done) {
      in.skipBytes(in.readableBytes());
      return;
    }
    switch (options.framing()) {
      case NDJSON -> lines(context, in);
      case LENGTH -> lengths(context, in);
      case RAW -> {
        // The message ends with the connection's input.
      }
    }
  }

  private void lines(ChannelHandlerContext context, ByteBuf in) {
    while (!done) {
      int start = in.readerIndex();
      int lineBreak = in.indexOf(start + scanned, in.writerIndex(), (byte) '\n');
      if (lineBreak < 0) {
        scanned = in.readableBytes();
        return;
      }
      scanned = 0;
      byte[] line = new byte[lineBreak - start];
      in.readBytes(line).skipBytes(1);
      message(context, line);
    }
  }

  private void lengths(ChannelHandlerContext context, ByteBuf in) {
    while (!done && in.readableBytes() >= 4) {
      int length = in.getInt(in.readerIndex());
      if (length < 0 || length > MAX_MESSAGE_BYTES) {
        LOG.warn("a message claims to be {} bytes long, the connection is closed", length);
        finish(context);
        return;
      }
      if (in.readableBytes() < 4 + length) {
        return;
      }
      byte[] body = new byte[length];
      in.skipBytes(4).readBytes(body);
      message(context, body);
    }
  }

  private void message(ChannelHandlerContext context, byte[] message) {
    tally.received.increment();
    consumer.line(message);
    if (options.silent()) {
      return;
    }
    Refusal refused = refusalOf(message);
    if (options.ack() == Ack.LINE && !answer(context, message, refused)) {
      return;
    }
    (refused == null ? tally.acknowledged : tally.refused).increment();
    refusing |= refused != null;
    answered++;
    if (options.closeAfter() > 0 && answered >= options.closeAfter()) {
      done = true;
    }
  }

  private boolean answer(ChannelHandlerContext context, byte[] message, @Nullable Refusal refused) {
    byte[] id = MessageId.of(message);
    if (id == null) {
      LOG.warn("a message without an id cannot be acknowledged, the connection is closed");
      finish(context);
      return false;
    }
    if (answers.capacity() == 0) {
      answers = context.alloc().buffer(FIRST_ANSWER_BYTES);
    }
    if (refused == null) {
      answers.writeBytes(ACK).writeBytes(id).writeBytes(END);
    } else {
      answers.writeBytes(NACK).writeBytes(id).writeBytes(details(refused));
    }
    return true;
  }

  private @Nullable Refusal refusalOf(byte[] message) {
    Refusal now = refusal.get();
    if (now == null) {
      return null;
    }
    boolean byCount = now.everyNth() > 0 && tally.received.sum() % now.everyNth() == 0;
    boolean byText =
        now.text() != null
            && now.text().matcher(new String(message, StandardCharsets.UTF_8)).find();
    return byCount || byText ? now : null;
  }

  private static byte[] details(Refusal refusal) {
    StringBuilder text = new StringBuilder("\",\"reason\":\"");
    text.append(JsonStringEncoder.getInstance().quoteAsString(refusal.reason())).append('"');
    if (!refusal.retry()) {
      text.append(",\"retry\":false");
    }
    if (refusal.retryAfter() != null) {
      text.append(",\"retry_after_ms\":").append(refusal.retryAfter().toMillis());
    }
    return text.append("}\n").toString().getBytes(StandardCharsets.UTF_8);
  }

  @Override
  public void channelReadComplete(ChannelHandlerContext context) throws Exception {
    // Printed first, acknowledged then: as every receiver should.
    consumer.readComplete();
    flushAnswers(context);
    super.channelReadComplete(context);
  }

  private void flushAnswers(ChannelHandlerContext context) {
    if (answers.isReadable()) {
      ByteBuf ready = answers;
      answers = Unpooled.EMPTY_BUFFER;
      later(context, () -> context.writeAndFlush(ready, context.voidPromise()));
    }
    if (done) {
      later(context, () -> finish(context));
    }
  }

  private void later(ChannelHandlerContext context, Runnable action) {
    if (options.delay().isZero()) {
      action.run();
    } else {
      context.executor().schedule(action, options.delay().toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  /** The relay has sent all that it will: with ack 'close' the clean close acknowledges it. */
  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
    if (event == ChannelInputShutdownEvent.INSTANCE) {
      ByteBuf rest = internalBuffer();
      if (options.framing() == Framing.RAW && rest.isReadable()) {
        message(context, ByteBufUtil.getBytes(rest));
        rest.skipBytes(rest.readableBytes());
      }
      consumer.readComplete();
      if (!options.silent() || options.ack() != Ack.CLOSE) {
        later(context, () -> finish(context));
      }
    }
    super.userEventTriggered(context, event);
  }

  private void finish(ChannelHandlerContext context) {
    done = true;
    if (options.ack() == Ack.CLOSE && refusing) {
      // A reset is the only refusal that ack 'close' knows.
      context.channel().config().setOption(ChannelOption.SO_LINGER, 0);
      context.close();
      return;
    }
    context.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(ChannelFutureListener.CLOSE);
  }

  @Override
  protected void handlerRemoved0(ChannelHandlerContext context) {
    answers.release();
    answers = Unpooled.EMPTY_BUFFER;
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    LOG.debug("a connection ended: {}", cause.toString());
    context.close();
  }
}
