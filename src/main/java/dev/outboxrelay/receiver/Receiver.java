// SPDX-License-Identifier: Apache-2.0
package dev.outboxrelay.receiver;

import dev.outboxrelay.threads.EventLoops;
import io.netty.bootstrap.ServerBootstrap;
import io.netty.channel.Channel;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoopGroup;
import io.netty.channel.group.ChannelGroup;
import io.netty.channel.group.DefaultChannelGroup;
import io.netty.channel.socket.SocketChannel;
import io.netty.channel.socket.nio.NioServerSocketChannel;
import io.netty.util.concurrent.GlobalEventExecutor;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A TCP server that receives what a relay sends, hands it to a consumer, and answers as its options
 * say. All connections share one thread, so the consumer needs no lock.
 */
public final class Receiver implements AutoCloseable {

  private final EventLoopGroup loop;
  private final ChannelGroup channels;
  private final Channel server;
  private final Tally tally = new Tally();
  private volatile @Nullable Refusal refusal;

  private Receiver(ReceiverOptions options, LineConsumer consumer) throws IOException {
    this.refusal = options.refusal();
    this.loop = EventLoops.group(1, "receiver");
    this.channels = new DefaultChannelGroup(GlobalEventExecutor.INSTANCE, true);
    try {
      this.server = listen(options, consumer);
    } catch (IOException | RuntimeException e) {
      loop.shutdownGracefully(0, 0, TimeUnit.MILLISECONDS);
      throw e;
    }
  }

  /**
   * Starts to listen.
   *
   * @throws IOException when the port cannot be listened on
   */
  public static Receiver start(ReceiverOptions options, LineConsumer consumer) throws IOException {
    return new Receiver(options, consumer);
  }

  private Channel listen(ReceiverOptions options, LineConsumer consumer) throws IOException {
    InetSocketAddress address = new InetSocketAddress(options.host(), options.port());
    if (address.isUnresolved()) {
      throw new IOException("cannot listen on " + options.host() + ": the host name is not known");
    }
    try {
      return new ServerBootstrap()
          .group(loop)
          .channel(NioServerSocketChannel.class)
          .option(ChannelOption.SO_REUSEADDR, true)
          .childOption(ChannelOption.TCP_NODELAY, true)
          // The relay half-closes with ack 'close'; when to close is this side's decision.
          .childOption(ChannelOption.ALLOW_HALF_CLOSURE, true)
          .childHandler(
              new ChannelInitializer<SocketChannel>() {
                @Override
                protected void initChannel(SocketChannel channel) {
                  channels.add(channel);
                  tally.connections.increment();
                  channel
                      .pipeline()
                      .addLast(new ReceiverConnection(options, consumer, tally, () -> refusal));
                }
              })
          .bind(address)
          .syncUninterruptibly()
          .channel();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IOException(
          "cannot listen on " + options.host() + ":" + options.port() + ": " + e.getMessage(), e);
    }
  }

  /** The port that is listened on. */
  public int port() {
    return ((InetSocketAddress) server.localAddress()).getPort();
  }

  /** From now on refuses these messages; null: none. */
  public void refuse(@Nullable Refusal refusal) {
    this.refusal = refusal;
  }

  /** How many messages arrived, repeated ones included. */
  public long received() {
    return tally.received.sum();
  }

  /** How many messages were acknowledged, or will be when the delay is over. */
  public long acknowledged() {
    return tally.acknowledged.sum();
  }

  /** How many messages were refused. */
  public long refused() {
    return tally.refused.sum();
  }

  /** How many connections were accepted. */
  public long connections() {
    return tally.connections.sum();
  }

  /** Stops listening and closes every connection; the port is free when this returns. */
  @Override
  public void close() {
    server.close().syncUninterruptibly();
    channels.close().awaitUninterruptibly(1, TimeUnit.SECONDS);
    loop.shutdownGracefully(0, 1, TimeUnit.SECONDS).awaitUninterruptibly(2, TimeUnit.SECONDS);
  }
}
