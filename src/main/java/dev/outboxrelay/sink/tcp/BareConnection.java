// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.tcp;

import dev.outboxrelay.sink.Answer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelException;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.ChannelOption;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.ssl.SslHandler;
import java.io.Closeable;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * One connection on which somebody says byte by byte what a relay never would on purpose and a
 * dying one does: half a message, a reset. For checks of receivers; its calls block, and are made
 * by one thread.
 */
public final class BareConnection implements Closeable {

  private static final int PIECE_BYTES = 16 * 1024;

  private final Duration patience;
  private final AnswerParser parser = new AnswerParser();
  private final List<Answer> answers = new ArrayList<>();
  private final Channel channel;
  private String malformed = "";
  private String broke = "";
  private long taken;
  private boolean ended;

  BareConnection(Channel channel, Duration patience) {
    this.patience = patience;
    this.channel = channel;
    channel.eventLoop().execute(this::hear);
  }

  private void hear() {
    channel.pipeline().addLast(new Ears());
    if (!channel.isActive()) {
      end("");
    }
  }

  /** Writes, and waits until the system has taken it: as a rule one segment. */
  public void write(byte[] bytes) throws IOException, InterruptedException {
    ChannelFuture written = writeLater(bytes);
    if (!written.await(patience.toMillis(), TimeUnit.MILLISECONDS)) {
      throw new IOException("it has read nothing for " + patience.toMillis() + " ms");
    }
    if (!written.isSuccess()) {
      throw new IOException("the connection ended: " + written.cause().getMessage());
    }
  }

  /**
   * Writes, and waits until the system has taken it all or nothing more for a while: then the
   * receiver has stopped reading, and the rest follows when it goes on.
   */
  public void writeUntilStuck(byte[] bytes, Duration quiet) throws InterruptedException {
    long all = taken() + bytes.length;
    for (int from = 0; from < bytes.length; from += PIECE_BYTES) {
      int end = Math.min(bytes.length, from + PIECE_BYTES);
      int length = end - from;
      writeLater(Arrays.copyOfRange(bytes, from, end)).addListener(written -> took(length));
    }
    boolean moves = true;
    while (moves && taken() < all) {
      long before = taken();
      moves = await(quiet, () -> taken > before);
    }
  }

  private synchronized void took(int bytes) {
    taken += bytes;
    notifyAll();
  }

  private synchronized long taken() {
    return taken;
  }

  private ChannelFuture writeLater(byte[] bytes) {
    return channel.writeAndFlush(Unpooled.wrappedBuffer(bytes));
  }

  /** Leaves what the receiver says in the system's buffer, until it is full. */
  public void stopReading() {
    channel.config().setAutoRead(false);
  }

  public void readOn() {
    channel.config().setAutoRead(true);
  }

  /** Ends this side of the connection; the other side may still speak. */
  public void endOutput() {
    channel
        .eventLoop()
        .execute(
            () -> {
              SslHandler tls = channel.pipeline().get(SslHandler.class);
              if (tls != null) {
                tls.closeOutbound();
              } else {
                ((DuplexChannel) channel).shutdownOutput();
              }
            });
  }

  /**
   * Ends the connection as a network does that forgot it, without TLS's own close. Does nothing
   * where the peer has closed it already.
   */
  public void reset() throws InterruptedException {
    try {
      channel.config().setOption(ChannelOption.SO_LINGER, 0);
    } catch (ChannelException e) {
      return; // closed by the peer
    }
    channel.pipeline().firstContext().close().await(patience.toMillis(), TimeUnit.MILLISECONDS);
  }

  /** Waits for so many answers, the end, or until none has come for as long as patience lasts. */
  public List<Answer> awaitAnswers(int count) throws InterruptedException {
    int before = -1;
    while (answers().size() < count && answers().size() > before && !over()) {
      before = answers().size();
      int known = before;
      await(patience, () -> answers.size() != known || isOver());
    }
    return answers();
  }

  /** Waits for the receiver to end the connection; tells whether it did. */
  public boolean awaitEnd(Duration time) throws InterruptedException {
    return await(time, () -> ended);
  }

  public synchronized List<Answer> answers() {
    return List.copyOf(answers);
  }

  /** What is known of the connection, as a reason why there are no more answers. */
  public synchronized String state() {
    if (!malformed.isEmpty()) {
      return malformed;
    }
    if (!broke.isEmpty()) {
      return "the connection broke: " + broke;
    }
    return ended
        ? "the receiver closed the connection"
        : "nothing more within " + patience.toMillis() + " ms";
  }

  private synchronized boolean over() {
    return isOver();
  }

  private boolean isOver() {
    return ended || !malformed.isEmpty();
  }

  private synchronized boolean await(Duration time, BooleanSupplier condition)
      throws InterruptedException {
    long deadline = System.nanoTime() + time.toNanos();
    while (!condition.getAsBoolean()) {
      long millis = (deadline - System.nanoTime()) / 1_000_000;
      if (millis <= 0) {
        return false;
      }
      wait(millis);
    }
    return true;
  }

  private synchronized void heard(ByteBuf in) {
    try {
      if (malformed.isEmpty()) {
        parser.feed(in, answers);
      }
    } catch (ProtocolException e) {
      malformed = String.valueOf(e.getMessage());
    }
    notifyAll();
  }

  private synchronized void end(String why) {
    broke = broke.isEmpty() ? why : broke;
    ended = true;
    notifyAll();
  }

  @Override
  public void close() {
    channel.close();
  }

  private final class Ears extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
      ByteBuf in = (ByteBuf) message;
      try {
        heard(in);
      } finally {
        in.release();
      }
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
      end("");
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
      end(String.valueOf(cause.getMessage()));
      context.close();
    }
  }
}
