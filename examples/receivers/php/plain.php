<?php
// A server that never answers: for a destination with ack 'close' or 'none'.
//   php plain.php 4000
$port = $argv[1] ?? 4000;
$server = stream_socket_server("tcp://0.0.0.0:$port", $errno, $error) or exit("$error\n");

while ($relay = @stream_socket_accept($server, -1)) {
    stream_set_timeout($relay, 86400);
    while (($data = fread($relay, 8192)) !== false && $data !== '') {
        echo $data;
    }
    fclose($relay);
}
