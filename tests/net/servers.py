"""Real servers to probe: each on an address of the loopback block, with its log in the test's folder."""
from harness import folder, listens, path, start, wait_until, write


def kamailio(address):
    """A SIP server on TCP 5060; it logs errors to kamailio.log."""
    config = write("kamailio.cfg", f"""#!KAMAILIO
debug=2
log_stderror=yes
fork=yes
children=1
tcp_children=1
listen=tcp:{address}:5060
loadmodule "sl.so"
loadmodule "pv.so"
request_route {{ sl_send_reply("200", "OK"); }}
""")
    start(["kamailio", "-DD", "-f", config, "-P", path("kamailio.pid"), "-Y", folder(),
           "-m", "64", "-M", "8"], "kamailio.log")
    wait_until(lambda: listens(address, 5060), "kamailio")


def nginx(address, port):
    """A web server; what happens to connections stands in nginx.error."""
    config = write("nginx.conf", f"""daemon off;
master_process off;
pid {path('nginx.pid')};
error_log {path('nginx.error')} info;
events {{ }}
http {{
    access_log off;
    client_body_temp_path {path('b')}; proxy_temp_path {path('p')}; fastcgi_temp_path {path('f')};
    uwsgi_temp_path {path('u')}; scgi_temp_path {path('s')};
    server {{ listen {address}:{port}; }}
}}
""")
    start(["nginx", "-c", config, "-p", folder()], "nginx.log")
    wait_until(lambda: listens(address, port), "nginx")
