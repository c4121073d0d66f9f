// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.http;

import dev.outboxrelay.threads.Errors;
import dev.outboxrelay.threads.EventLoops;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.handler.codec.http.HttpDecoderConfig;
import io.netty.handler.codec.http.HttpObjectAggregator;
import io.netty.handler.codec.http.HttpServerCodec;
import io.netty.handler.flow.FlowControlHandler;
import io.netty.util.concurrent.DefaultThreadFactory;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** Serves pages over HTTP/1.1, to anybody who can reach its address. */
public final class HttpServer implements AutoCloseable {
  private static final int BACKLOG = 128;

  private final EventLoopGroup loop = EventLoops.group(1, "http");
  private final ThreadPoolExecutor slow;
  private final HttpSite site;
  private final HttpLimits limits;
  private final OpenConnections open;
  private final Channel server;
  private volatile boolean closed;

  private HttpServer(InetSocketAddress address, HttpSite site, HttpLimits limits)
      throws IOException {
    this.site = site;
    this.limits = limits;
    open = new OpenConnections(limits.connections());
    slow =
        new ThreadPoolExecutor(
            limits.pages(),
            limits.pages(),
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(limits.connections()),
            new DefaultThreadFactory("http-page", true));
    loop.terminationFuture().addListener(end -> loopEnded());
    server = listen(address);
  }

  /**
   * Starts to serve.
   *
   * @param address port 0 for a free one
   * @throws IOException when the address cannot be listened on
   */
  public static HttpServer start(InetSocketAddress address, HttpSite site, HttpLimits limits)
      throws IOException {
    if (address.isUnresolved()) {
      throw new IOException("the host name is not known");
    }
    return new HttpServer(address, site, limits);
  }

  private Channel listen(InetSocketAddress address) throws IOException {
    ChannelFuture bound =
        new ServerBootstrap()
            .group(loop)
            .channel(NioServerSocketChannel.class)
            .option(ChannelOption.SO_BACKLOG, BACKLOG)
            .childOption(ChannelOption.AUTO_READ, false)
            .childHandler(
                new ChannelInitializer<SocketChannel>() {
                  @Override
                  protected void initChannel(SocketChannel channel) {
                    HttpServer.this.initChannel(channel);
                  }
                })
            .bind(address)
            .awaitUninterruptibly();
    if (bound.isSuccess()) {
      return bound.channel();
    }
    close();
    throw new IOException(bound.cause().getMessage(), bound.cause());
  }

  private void initChannel(SocketChannel channel) {
    HttpConnection connection = new HttpConnection(site, limits, open, slow);
    channel
        .pipeline()
        .addLast(connection.new Arrival())
        .addLast(
            new HttpServerCodec(
                new HttpDecoderConfig()
                    .setMaxInitialLineLength(HttpLimits.MAX_LINE_BYTES)
                    .setMaxHeaderSize(HttpLimits.MAX_HEADER_BYTES)))
        .addLast(new HttpObjectAggregator(limits.bodyBytes()))
        .addLast(new FlowControlHandler())
        .addLast(connection);
  }

  private void loopEnded() {
    if (!closed) {
      Errors.threadEnded("the thread that serves HTTP");
    }
  }

  public int port() {
    return ((InetSocketAddress) server.localAddress()).getPort();
  }

  /** How many connections are open. Blocks. */
  int connections() throws InterruptedException {
    int[] count = new int[1];
    loop.next().submit(() -> count[0] = open.count()).sync();
    return count[0];
  }

  /** How many pages are being made beside, or wait for that. */
  int pages() {
    return slow.getActiveCount() + slow.getQueue().size();
  }

  @Override
  public void close() {
    closed = true;
    slow.shutdownNow();
    loop.shutdownGracefully(0, 500, TimeUnit.MILLISECONDS);
    try {
      loop.terminationFuture().await(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
