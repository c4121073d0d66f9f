// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.http;

import dev.outboxrelay.threads.Errors;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.channel.socket.DuplexChannel;
import io.netty.handler.codec.CodecException;
import io.netty.handler.codec.DateFormatter;
import io.netty.handler.codec.http.DefaultFullHttpResponse;
import io.netty.handler.codec.http.DefaultHttpResponse;
import io.netty.handler.codec.http.FullHttpRequest;
import io.netty.handler.codec.http.FullHttpResponse;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpMethod;
import io.netty.handler.codec.http.HttpResponse;
import io.netty.handler.codec.http.HttpResponseStatus;
import io.netty.handler.codec.http.HttpUtil;
import io.netty.handler.codec.http.HttpVersion;
import io.netty.handler.codec.http.TooLongHttpHeaderException;
import io.netty.handler.codec.http.TooLongHttpLineException;
import io.netty.util.ReferenceCountUtil;
import io.netty.util.concurrent.Future;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.Date;
import java.util.Map;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One client. One request is answered after the other: the next one is not read before, so that
 * nothing piles up. Each state has a time limit of its own.
 */
final class HttpConnection extends ChannelInboundHandlerAdapter implements OpenConnections.Client {
  private static final Logger LOG = LoggerFactory.getLogger(HttpConnection.class);

  private enum State {
    /** Nothing has come of the next request. */
    IDLE,
    /** A part of a request has come. */
    READING,
    ANSWERING,
    /** The answer is there, and is held back. */
    HOLDING,
    /** The answer goes on, until one side ends it. */
    STREAMING,
    /** The last answer is on its way; what the client still says is thrown away. */
    LEAVING
  }

  /** How long a client has to take the last answer. */
  private static final Duration LEAVING = Duration.ofSeconds(1);

  private final HttpSite site;
  private final HttpLimits limits;
  private final OpenConnections open;
  private final Executor slow;

  private State state = State.IDLE;
  private @Nullable ChannelHandlerContext context;
  private @Nullable Future<?> timer;

  HttpConnection(HttpSite site, HttpLimits limits, OpenConnections open, Executor slow) {
    this.site = site;
    this.limits = limits;
    this.open = open;
    this.slow = slow;
  }

  @Override
  public void channelActive(ChannelHandlerContext context) {
    this.context = context;
    if (!open.admit(this)) {
      context.close();
      return;
    }
    limit(limits.request());
    context.read();
  }

  @Override
  public boolean isAnswering() {
    return state == State.ANSWERING || state == State.STREAMING;
  }

  @Override
  public void close() {
    if (context != null) {
      context.close();
    }
  }

  /** Bytes of a request are there; told by {@link Arrival}. */
  private void arrived() {
    if (state == State.IDLE) {
      state = State.READING;
      limit(limits.request());
    }
  }

  /** Sees bytes before they are a request. */
  final class Arrival extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext first, Object bytes) {
      arrived();
      first.fireChannelRead(bytes);
    }
  }

  private void limit(Duration time) {
    stopTimer();
    if (context != null) {
      timer = context.executor().schedule(this::timeIsUp, time.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  private void stopTimer() {
    if (timer != null) {
      timer.cancel(false);
      timer = null;
    }
  }

  private void timeIsUp() {
    if (state == State.READING) {
      answer(HttpReply.line(408, "the request did not come in time"), false, false);
    } else {
      close();
    }
  }

  @Override
  public void channelRead(ChannelHandlerContext context, Object message) {
    FullHttpRequest request = (FullHttpRequest) message;
    try {
      take(request);
    } finally {
      request.release();
    }
  }

  /** What came was a part of a request: the rest is still wanted. */
  @Override
  public void channelReadComplete(ChannelHandlerContext context) {
    if (state == State.IDLE || state == State.READING) {
      context.read();
    }
  }

  private void take(FullHttpRequest request) {
    boolean head = request.method().equals(HttpMethod.HEAD);
    boolean keep = HttpUtil.isKeepAlive(request);
    HttpReply objection = objection(request);
    if (objection != null) {
      answer(objection, head, false);
      return;
    }
    serve(site.find(read(request)), head, keep);
  }

  private HttpRequest read(FullHttpRequest request) {
    RequestTarget target = new RequestTarget("", Map.of());
    String fault = null;
    try {
      target = RequestTarget.of(request.uri());
    } catch (IllegalArgumentException e) {
      fault = String.valueOf(e.getMessage());
    }
    return new HttpRequest(
        request.method().name(),
        target.path(),
        target.query(),
        fault,
        request.headers(),
        ByteBufUtil.getBytes(request.content()),
        client());
  }

  private String client() {
    return context != null && context.channel().remoteAddress() instanceof InetSocketAddress from
        ? from.getAddress().getHostAddress()
        : "";
  }

  private static @Nullable HttpReply objection(FullHttpRequest request) {
    Throwable malformed = request.decoderResult().cause();
    if (malformed instanceof TooLongHttpHeaderException) {
      return HttpReply.line(431, "the headers are too long");
    }
    if (malformed instanceof TooLongHttpLineException) {
      return HttpReply.line(414, "the first line is too long");
    }
    if (malformed != null) {
      Errors.report(malformed);
      return HttpReply.line(400, "this is no HTTP request");
    }
    if (request.protocolVersion().majorVersion() != 1) {
      return HttpReply.line(505, "HTTP/1.1 is spoken here");
    }
    boolean needsHost = request.protocolVersion().equals(HttpVersion.HTTP_1_1);
    if (needsHost && request.headers().getAll(HttpHeaderNames.HOST).size() != 1) {
      return HttpReply.line(400, "HTTP/1.1 needs one Host header");
    }
    return null;
  }

  private void serve(HttpPage page, boolean head, boolean keep) {
    begin();
    if (!page.mayBlock()) {
      holdThenRespond(reply(page.reply()), head, keep);
      return;
    }
    try {
      slow.execute(
          () -> {
            HttpReply reply = reply(page.reply());
            onLoop(() -> holdThenRespond(reply, head, keep));
          });
    } catch (RejectedExecutionException e) {
      respond(HttpReply.line(503, "too much is asked at once"), head, false);
    }
  }

  /** Who is held back gives his place to others, if all are taken. */
  private void holdThenRespond(HttpReply reply, boolean head, boolean keep) {
    if (reply.heldBack().isZero() || context == null) {
      respond(reply, head, keep);
      return;
    }
    state = State.HOLDING;
    context
        .executor()
        .schedule(
            () -> {
              begin();
              respond(reply, head, keep);
            },
            reply.heldBack().toMillis(),
            TimeUnit.MILLISECONDS);
  }

  private void onLoop(Runnable action) {
    try {
      if (context != null) {
        context.executor().execute(action);
      }
    } catch (RejectedExecutionException e) {
      LOG.debug("the server is closed");
    }
  }

  /** A page that fails is that page's alone. */
  private static HttpReply reply(Supplier<HttpReply> made) {
    try {
      return made.get();
    } catch (RuntimeException | Error e) {
      Errors.report(e);
      LOG.error("a page could not be made", e);
      return HttpReply.line(500, Errors.words(e));
    }
  }

  private void begin() {
    state = State.ANSWERING;
    limit(limits.response());
  }

  private void answer(HttpReply reply, boolean head, boolean keep) {
    begin();
    respond(reply, head, keep);
  }

  private void respond(HttpReply reply, boolean head, boolean keep) {
    if (context == null || !context.channel().isActive()) {
      return;
    }
    if (reply.stream() != null && !head) {
      stream(context, reply, reply.stream());
      return;
    }
    FullHttpResponse response = response(reply, head);
    HttpUtil.setKeepAlive(response, keep);
    context
        .writeAndFlush(response)
        .addListener(
            written -> {
              if (!written.isSuccess()) {
                close();
              } else if (keep) {
                next();
              } else {
                leave();
              }
            });
  }

  /** The head of an answer that goes on; it ends with the connection. */
  private void stream(ChannelHandlerContext on, HttpReply reply, Consumer<HttpStream> opened) {
    state = State.STREAMING;
    stopTimer();
    HttpResponse head =
        new DefaultHttpResponse(HttpVersion.HTTP_1_1, HttpResponseStatus.valueOf(reply.status()));
    setHeaders(head, reply);
    HttpUtil.setTransferEncodingChunked(head, true);
    HttpUtil.setKeepAlive(head, false);
    on.writeAndFlush(head);
    // Whoever reads nothing and says nothing is noticed only by a read that sees the end.
    on.pipeline().addFirst(new Waste());
    on.channel().config().setAutoRead(true);
    opened.accept(new ChannelStream(on.channel()));
  }

  /**
   * Closes this side and reads on for a moment: a close with something unread would reset the
   * connection, and take the answer out of the client's hands.
   */
  private void leave() {
    if (context == null || state == State.LEAVING) {
      return;
    }
    state = State.LEAVING;
    limit(LEAVING);
    context.pipeline().addFirst(new Waste());
    ((DuplexChannel) context.channel()).shutdownOutput();
    context.channel().config().setAutoRead(true);
  }

  private static final class Waste extends ChannelInboundHandlerAdapter {
    @Override
    public void channelRead(ChannelHandlerContext first, Object bytes) {
      ReferenceCountUtil.release(bytes);
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext first) {
      // Nobody behind it has read anything.
    }
  }

  private static FullHttpResponse response(HttpReply reply, boolean head) {
    FullHttpResponse response =
        new DefaultFullHttpResponse(
            HttpVersion.HTTP_1_1,
            HttpResponseStatus.valueOf(reply.status()),
            head ? Unpooled.EMPTY_BUFFER : Unpooled.wrappedBuffer(reply.body()));
    setHeaders(response, reply);
    response.headers().set(HttpHeaderNames.CONTENT_LENGTH, reply.body().length);
    return response;
  }

  private static void setHeaders(HttpResponse response, HttpReply reply) {
    response
        .headers()
        .set(HttpHeaderNames.CONTENT_TYPE, reply.type())
        .set(HttpHeaderNames.CACHE_CONTROL, "no-store")
        .set(HttpHeaderNames.DATE, DateFormatter.format(new Date()));
    reply.headers().forEach((name, value) -> response.headers().set(name, value));
  }

  private void next() {
    state = State.IDLE;
    open.touch(this);
    limit(limits.idle());
    if (context != null) {
      context.read();
    }
  }

  @Override
  public void channelInactive(ChannelHandlerContext context) {
    stopTimer();
    open.remove(this);
  }

  @Override
  public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
    context.close();
    Errors.report(cause);
    if (isClients(cause)) {
      LOG.debug("an HTTP client has left: {}", Errors.words(cause));
    } else {
      LOG.error("an HTTP connection is closed after an error", cause);
    }
  }

  /** Whether a client can bring it about, and so as often as he likes. */
  private static boolean isClients(Throwable cause) {
    return cause instanceof IOException || cause instanceof CodecException;
  }
}
