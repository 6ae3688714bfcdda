"""The page: what the system does right now, and a shop in which your click changes your list.

feed     reads topics in a thread, joins no group
live     folds their records into what the page shows, with
           shop · people · deeds · pairs · letters · meters · quality · trace
strip    every partition as a cell
board    hands it to the web server, section by section
gesture  turns what you do into an event
copies   turns an event into a command to send one like it
web      what every web server here has
server   serves it: `/`, `/stream`, `/api/items`, `/api/pair`, `/api/event`, `/healthz`
"""
