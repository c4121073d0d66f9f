// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.sink.http;

import dev.outboxrelay.sink.tcp.Printable;
import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.HttpClientCodec;
import io.netty.handler.codec.http.HttpContent;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpObject;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.LastHttpContent;
import io.netty.handler.timeout.IdleStateEvent;
import io.netty.handler.timeout.IdleStateHandler;
import io.netty.util.ReferenceCountUtil;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * One connection that is kept, with one request on it at a time.
 *
 * <p>INVARIANT: lives on the event loop; each parcel that it takes is given back to the owner once,
 * by {@link Owner#replied} or {@link Owner#ended}.
 */
final class KeptConnection extends ChannelInboundHandlerAdapter {

  private static final int MAX_LINE_BYTES = 4 * 1024;
  private static final int MAX_HEADER_BYTES = 32 * 1024;
  private static final int CHUNK_BYTES = 8 * 1024;

  /** Of an answer's body so much is read; then the connection is closed. */
  static final int MAX_BODY_BYTES = 64 * 1024;

  static final int EXCERPT_CHARS = 200;
  private static final int EXCERPT_BYTES = 4 * EXCERPT_CHARS;
  private static final int REASON_PHRASE_CHARS = 60;
  private static final int LOCATION_CHARS = 100;

  /** Who hears of it. */
  interface Owner {
    /**
     * The receiver has answered.
     *
     * @param reusable whether the connection takes another request; it is closed otherwise
     */
    void replied(KeptConnection connection, Parcel parcel, Reply reply, boolean reusable);

    /**
     * The connection has ended.
     *
     * @param parcel what was not answered, null when nothing was under way
     * @param why null when the receiver closed it
     * @param heard whether a part of the answer had come
     */
    void ended(
        KeptConnection connection, @Nullable Parcel parcel, @Nullable Throwable why, boolean heard);

    /** No answer has come in time; the connection is closed. */
    void overdue(KeptConnection connection, Parcel parcel);
  }

  private final Channel channel;
  private final Owner owner;
  private final Duration limit;
  private final ByteArrayOutputStream excerpt = new ByteArrayOutputStream();

  private @Nullable Parcel parcel;
  private @Nullable ChannelFuture written;
  private @Nullable HttpResponse head;
  private @Nullable Future<?> timer;
  private boolean informational;
  private boolean closed;
  private int bodyBytes;
  private int served;
  private long sentNanos;

  /**
   * @param limit how long an answer may take
   * @param idle after so long without a request it is closed
   */
  KeptConnection(Channel channel, Owner owner, Duration limit, Duration idle) {
    this.channel = channel;
    this.owner = owner;
    this.limit = limit;
    channel
        .pipeline()
        .addLast(
            new HttpClientCodec(MAX_LINE_BYTES, MAX_HEADER_BYTES, CHUNK_BYTES, true),
            new IdleStateHandler(0, 0, idle.toMillis(), TimeUnit.MILLISECONDS),
            this);
  }

  boolean isOpen() {
    return !closed && channel.isActive();
  }

  /** How many requests were answered on it. */
  int served() {
    return served;
  }

  /** When the request under way was sent. */
  long sentNanos() {
    return sentNanos;
  }

  void send(Parcel next, FullHttpRequest request) {
    parcel = next;
    head = null;
    bodyBytes = 0;
    excerpt.reset();
    sentNanos = System.nanoTime();
    timer = channel.eventLoop().schedule(this::late, limit.toMillis(), TimeUnit.MILLISECONDS);
    written = channel.writeAndFlush(request);
  }

  private void late() {
    Parcel unanswered = parcel;
    if (unanswered != null && !closed) {
      close();
      owner.overdue(this, unanswered);
    }
  }

  void close() {
    closed = true;
    stopTimer();
    channel.close();
  }

  private void stopTimer() {
    Future<?> running = timer;
    if (running != null) {
      running.cancel(false);
      timer = null;
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    try {
      if (!closed && message instanceof HttpObject part) {
        read(part);
      }
    } finally {
      ReferenceCountUtil.release(message);
    }
  }

  private void read(HttpObject part) {
    if (part.decoderResult().isFailure()) {
      fail(new IOException("the answer is not HTTP: " + part.decoderResult().cause().getMessage()));
      return;
    }
    if (parcel == null) {
      // Some say that nothing has come for long, and close.
      fail(null);
      return;
    }
    if (part instanceof HttpResponse response) {
      int status = response.status().code();
      informational = status >= 100 && status < 200 && status != 101;
      if (!informational) {
        head = response;
      }
    }
    if (part instanceof HttpContent content && !informational) {
      keep(content.content());
      if (part instanceof LastHttpContent) {
        answered(isReusable());
      } else if (bodyBytes > MAX_BODY_BYTES) {
        answered(false);
      }
    }
  }

  private void keep(ByteBuf content) {
    bodyBytes += content.readableBytes();
    int room = Math.min(content.readableBytes(), EXCERPT_BYTES - excerpt.size());
    for (int at = 0; at < room; at++) {
      excerpt.write(content.getByte(content.readerIndex() + at));
    }
  }

  private boolean isReusable() {
    HttpResponse response = head;
    ChannelFuture sent = written;
    return response != null && HttpUtil.isKeepAlive(response) && sent != null && sent.isSuccess();
  }

  private void answered(boolean reusable) {
    Parcel done = parcel;
    HttpResponse response = head;
    if (done == null || response == null) {
      fail(new IOException("the answer has no head"));
      return;
    }
    parcel = null;
    served++;
    stopTimer();
    if (!reusable) {
      close();
    }
    owner.replied(this, done, reply(response), reusable);
  }

  private Reply reply(HttpResponse response) {
    int status = response.status().code();
    StringBuilder words = new StringBuilder("HTTP ").append(status);
    String phrase = Printable.text(response.status().reasonPhrase(), REASON_PHRASE_CHARS).strip();
    if (!phrase.isEmpty()) {
      words.append(' ').append(phrase);
    }
    if (status >= 300 && status < 400) {
      String location = response.headers().get(HttpHeaderNames.LOCATION, "");
      words
          .append(", and redirects are not followed: ")
          .append(Printable.text(location, LOCATION_CHARS));
    }
    String body = Printable.text(excerpt.toString(StandardCharsets.UTF_8), EXCERPT_CHARS).strip();
    if (!body.isEmpty()) {
      words.append(": ").append(body);
    }
    return new Reply(
        status,
        words.toString(),
        Reply.retryAfter(
            response.headers().get(HttpHeaderNames.RETRY_AFTER),
            response.headers().get(HttpHeaderNames.DATE),
            Instant.now()));
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    if (!closed) {
      fail(null);
    }
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    if (!closed) {
      fail(cause);
    }
  }

  @Override
  public void userEventTriggered(ChannelHandlerContext context, Object event) throws Exception {
    if (event instanceof IdleStateEvent && parcel == null && !closed) {
      fail(null);
    }
    super.userEventTriggered(context, event);
  }

  private void fail(@Nullable Throwable why) {
    Parcel unanswered = parcel;
    parcel = null;
    close();
    owner.ended(this, unanswered, why, head != null && unanswered != null);
  }
}
